import { type Html, html, type Page } from '../core/html.ts';
import { located, type ProviderApp } from '../providers/app.ts';
import type { Way } from '../providers/auth.ts';
import { type Provider, wayOf } from '../providers/provider.ts';
import { otherWays } from './credential-form.ts';
import type { Owner } from './owner.ts';
import { frame, marks } from './page-frame.ts';
import type { Session } from './session.ts';

/** Returns the page that asks the end user: who asks, for whom, for what, and what happens next; no way but the two
 *  buttons leads on (A.3, step 2). */
export function askingPage(
  owner: Owner,
  about: {
    readonly session: Session;
    readonly provider: Provider;
    readonly app: ProviderApp;
    readonly others?: readonly Way[];
    readonly link: string;
    readonly csrf: string;
  },
): Page {
  const { session, provider, app, others = [], link, csrf } = about;
  const content = html`${marks(owner, provider.name)}
<h1>Connect ${provider.name} to ${owner.name}</h1>
<p class="lead"><b>${owner.name}</b> asks for access to your <b>${provider.name}</b> account.</p>
<dl>
<div><dt>For</dt><dd><bdi>${session.tenantName}</bdi></dd></div>
<div><dt>Requested by</dt><dd><bdi>${session.endUser}</bdi></dd></div>
</dl>
${permissions(owner, provider, session.scopes)}
<h2>What happens next</h2>
<p class="lead">${provider.name} asks you to sign in and to agree. ${owner.name} never sees your password, and you can disconnect at any time.</p>
<p class="care">Continue only if you yourself asked ${owner.name} for this. If somebody sent you this link, choose Cancel.</p>
<form method="post" action="/connect/${link}/start" class="choice">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="way" value="oauth2">
<button class="go" name="action" value="continue">Continue to ${provider.name}</button>
<button name="action" value="cancel">Cancel</button>
</form>
${otherWays(link, others)}`;
  return {
    ...frame(owner, `Connect ${provider.name} to ${owner.name}`, content),
    formAction: destinations(provider, app, session),
  };
}

function permissions(owner: Owner, provider: Provider, scopes: readonly string[]): Html {
  if (scopes.length === 0)
    return html`<h2>${owner.name} will be able to use your account as ${provider.name} allows it</h2>`;
  const way = wayOf(provider, 'oauth2');
  const words: Readonly<Record<string, string>> = { ...way?.moreScopes, ...way?.scopes };
  const items = scopes.map((scope) =>
    Object.hasOwn(words, scope) ? html`<li>${words[scope]}</li>` : html`<li>The permission <code>${scope}</code></li>`,
  );
  return html`<h2 id="may">${owner.name} will be able to</h2>
<ul aria-labelledby="may">
${items}
</ul>`;
}

/** Chromium holds every redirect that follows a form to `form-action`: the provider, whatever sign-in of its own or of the
 *  end user's company it passes the browser to (any https), and the owner's app. */
function destinations(provider: Provider, app: ProviderApp, { returnUrl }: Session): string[] {
  const way = wayOf(provider, 'oauth2');
  const named = [...(way ? [located(way.authorizeUrl, way, app)] : []), returnUrl].map((url) => new URL(url).origin);
  return [...new Set(named), 'https:'];
}
