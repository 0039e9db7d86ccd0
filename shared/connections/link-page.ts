import type { Page } from '../core/html.ts';
import type { Way } from '../providers/auth.ts';
import { credentialForm } from './credential-form.ts';
import type { FormAgain } from './enter.ts';
import type { OpenLink } from './open-link.ts';
import type { Owner } from './owner.ts';
import { askingPage } from './pages.ts';
import { openWays } from './ways.ts';

/** Returns the page of a link for one of the provider's ways: the asking page, or the form that takes a credential. */
export function linkPage(
  owner: Owner,
  about: OpenLink & {
    readonly way: Way;
    readonly link: string;
    readonly csrf: string;
    readonly again?: Omit<FormAgain, 'way'>;
  },
): Page {
  const { session, entry, app, way, link, csrf, again } = about;
  const { provider } = entry;
  const others = openWays(provider, app).filter((one) => one.kind !== way.kind);
  if (way.kind === 'oauth2') return askingPage(owner, { session, provider, app, others, link, csrf });
  return credentialForm(owner, { session, provider, way, others, link, csrf, again });
}
