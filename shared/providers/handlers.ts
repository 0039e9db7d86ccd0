import type * as z from 'zod';
import type { SyncPage } from './syncs.ts';

// The words of a provider's `handlers.ts`.

/** An object as an event shows it; its model is one that a sync of the provider keeps. */
export interface Shown extends Readonly<SyncPage['records'][number]> {
  readonly model: string;
}

/** What is known of an event beside its payload. */
export interface HandledEvent {
  /** The provider's own id. */
  readonly id: string;
  readonly type: string;
  readonly receivedAtMs: number;
  readonly occurredAtMs?: number;
  /** Whether it was asked for again. */
  readonly replayed: boolean;
}

/** What is done with one kind of event, beside publishing it. Each handler of an event is tried for itself. */
export interface Handler {
  readonly provider: string;
  /** `invoice.*` is every type below `invoice`, `*` is every type. */
  readonly types: readonly string[];
  /** Names it in what is recorded of an event: unique within its provider, and stays when the handler changes. */
  readonly name: string;
  readonly payload: z.ZodType;
  /** Pure: the objects that the event shows, to be kept as a poll would. None: the event is ignored. What throws is tried
   *  again. */
  readonly shows: (payload: never, event: HandledEvent) => readonly Shown[];
}

/** Returns the handler of these types of a provider's events; ties `shows` to the payload's schema. */
export function on<Payload extends z.ZodType>(
  provider: string,
  types: string | readonly string[],
  handler: Pick<Handler, 'name'> & {
    readonly payload: Payload;
    readonly shows: (payload: z.output<Payload>, event: HandledEvent) => readonly Shown[];
  },
): Handler {
  return { provider, types: [types].flat(), ...handler } as Handler;
}

/** Returns whether an event's type is one of those that a pattern stands for. */
export function fits(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
