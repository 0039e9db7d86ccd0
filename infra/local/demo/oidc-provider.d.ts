// The package has no types of its own; these are the parts that the demo uses.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface Interaction {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: { readonly client_id: string; readonly scope?: string };
    readonly session?: { readonly accountId: string };
  }

  export interface Token {
    readonly isValid: boolean;
    readonly accountId: string;
    readonly scopes: ReadonlySet<string>;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: { find(value: string): Promise<Token | undefined> };
    readonly Grant: new (about: {
      readonly accountId: string;
      readonly clientId: string;
    }) => { addOIDCScope(scope: string): void; save(): Promise<string> };
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options?: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
