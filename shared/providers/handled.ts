import { demoHandlers } from './demo/handlers.ts';
import { fits, type Handler } from './handlers.ts';
import { stripeHandlers } from './stripe/handlers.ts';

/** Whose events are handled: a new handler stands in its provider's `handlers.ts`, a new file of them here. */
export const handlers: readonly Handler[] = [...demoHandlers, ...stripeHandlers];

/** Returns the handlers that an event has, by its type; none is no fault. */
export function handlersOf(provider: string, type: string): Handler[] {
  return handlers.filter((one) => one.provider === provider && one.types.some((pattern) => fits(pattern, type)));
}

/** Returns the provider's handler of this name, or nothing where there is none any more. */
export function findHandler(provider: string, name: string): Handler | undefined {
  return handlers.find((one) => one.provider === provider && one.name === name);
}
