import { inspect } from 'node:util';

/** A plaintext secret that prints as `[secret]` wherever it ends up by accident (B-15). */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The plaintext: only where it leaves for the provider, or is sealed. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}
