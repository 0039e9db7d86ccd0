import type * as z from 'zod';
import type { Access, Entry, FeatureContract } from './contract.ts';
import type { HubErrorCode } from './errors.ts';

/** What the API description says of one route beside its contract. Apart from the contracts, so that no function but the
 *  one that describes them carries it. */
export interface Described {
  /** What a good answer holds. `page`: HTML for a browser; absent: nothing. */
  readonly answer?: z.ZodType | 'page';
  /** A good answer, and the request body that it answers. */
  readonly example?: unknown;
  readonly body?: unknown;
  /** Request headers that are read, with what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Good answers beside the contract's one, by status. */
  readonly also?: Readonly<Record<number, string>>;
  /** Refusals beyond those that every route of its kind has. */
  readonly refusals?: readonly HubErrorCode[];
}

/** One description for each HTTP function of a contract that is of the API. */
export type Answers<Contract extends FeatureContract> = {
  readonly [Verb in keyof Contract as IsDescribed<Contract[Verb]['entry']> extends true ? Verb : never]: Described;
};
type IsDescribed<One extends Entry> = One extends { kind: 'http'; routes: readonly ['$default'] }
  ? false
  : One extends { kind: 'http'; access: Exclude<Access, 'session'> }
    ? true
    : false;
