import type * as z from 'zod';

// The words of a provider's `actions.ts`.

/** What a call, an action or a sync sends; relative to the provider's base URL. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly title: string;
  readonly docs: string;
  readonly scopes?: readonly string[];
  /** A write that may have reached the provider is never silently sent again. */
  readonly effect: 'read' | 'write';
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Pure: from the checked input to the request. */
  readonly request: (input: never) => ApiRequest;
  /** One pair, which also answers in mock mode. */
  readonly example: { readonly input: unknown; readonly output: unknown };
}

export type Actions = Readonly<Record<string, Action>>;

/** Returns the action as declared; ties `request` to the input's schema. */
export function action<Input extends z.ZodType>(
  declared: Omit<Action, 'input' | 'request'> & {
    readonly input: Input;
    readonly request: (input: z.output<Input>) => ApiRequest;
  },
): Action {
  return declared as Action;
}
