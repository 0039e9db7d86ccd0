import type { ProviderApp } from '../providers/app.ts';
import type { Minted, OAuth2, Template, Way, Whoami } from '../providers/auth.ts';
import { type Provider, type ProviderEntry, wayOf } from '../providers/provider.ts';
import { namesIn } from './template.ts';

/** Returns the provider's OAuth; throws where it has none: whoever asks has seen to that. */
export function oauthOf({ provider }: ProviderEntry): OAuth2 {
  const way = wayOf(provider, 'oauth2');
  if (!way) throw new Error(`the provider ${provider.id} has no OAuth`);
  return way;
}

/** Returns whether a way's tokens are obtained again with what is kept. */
export function isMinted(way: Way): way is Minted {
  return way.kind === 'password' || way.kind === 'client_credentials' || way.kind === 'app_jwt';
}

/** Returns the ways that a page can offer: those for which the owner has registered what they need, and that are not for
 *  the owner's backend alone. */
export function openWays({ auth }: Provider, app: ProviderApp): Way[] {
  return auth.filter((way) => !way.backendOnly && !isOwnersToMint(way) && isConfigured(way, app));
}

/** Returns whether nothing but the owner's app stands between a field's value and somebody's account: it can mint for
 *  each that has it, and a number proves nothing. */
export function isOwnersToMint(way: Way): boolean {
  return isMinted(way) && usesApp(way);
}

/** Returns the request that tests a credential, and tells whose it is; nothing where it is not to be tried. */
export function testOf({ api }: Provider, way: Way): Whoami | undefined {
  return way.untested === undefined ? (way.whoami ?? api.whoami) : undefined;
}

/** Returns whether a credential that is brought shows by itself whose account it opens; else somebody's word is taken for it. */
export function isProvable(provider: Provider, way: Way): boolean {
  if (isOwnersToMint(way)) return false;
  return way.kind !== 'oauth2' || way.account.from !== 'token' || testOf(provider, way)?.account !== undefined;
}

/** Returns the way that was asked for, of those that can be offered; the preferred one where none was. */
export function chosenWay({ provider }: ProviderEntry, app: ProviderApp, kind: string | null): Way | undefined {
  const open = openWays(provider, app);
  return kind === null ? open[0] : open.find((way) => way.kind === kind);
}

/** Returns whether the owner's app has all that this way takes of it. */
export function isConfigured(way: Way, app: ProviderApp): boolean {
  if (way.kind === 'oauth2') {
    return app.clientId !== undefined && (way.clientAuth === 'none' || app.clientSecret !== undefined);
  }
  if (!isMinted(way)) return true;
  const named = new Set(templatesOf(way).flatMap(namesIn));
  const has = (name: string, value: string | undefined) => !named.has(name) || value !== undefined;
  return (
    has('app.clientId', app.clientId) &&
    has('app.clientSecret', app.clientSecret) &&
    (way.jwt === undefined || way.jwt.key !== undefined || app.privateKey !== undefined)
  );
}

/** Returns whether a token is minted with the owner's app: then it may be that which is refused. */
export function usesApp(way: Way): boolean {
  return !isMinted(way) || (way.jwt && way.jwt.key === undefined) || templatesOf(way).flatMap(namesIn).some(isOfApp);
}

const isOfApp = (name: string) => name.startsWith('app.');

function templatesOf({ mint, jwt }: Minted): Template[] {
  const places = (mint.place ?? []).flatMap(({ in: _, ...parts }) => Object.values(parts));
  const claims = jwt ? [jwt.issuer, ...Object.values(jwt.claims ?? {})] : [];
  return [mint.url, ...Object.values(mint.parameters ?? {}), ...places, ...claims];
}
