import { type HubError, outcomes } from '../core/errors.ts';
import { type Html, html, type Page } from '../core/html.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { Provider } from '../providers/provider.ts';
import type { Owner } from './owner.ts';
import { pageStyle } from './page-style.ts';
import type { Session } from './session.ts';

/** Returns the page that asks the end user: who asks, for whom, for what, and what happens next; no way but the two
 *  buttons leads on (A.3, step 2). */
export function askingPage(
  owner: Owner,
  about: {
    readonly session: Session;
    readonly provider: Provider;
    readonly app: ProviderApp;
    readonly link: string;
    readonly csrf: string;
  },
): Page {
  const { session, provider, app, link, csrf } = about;
  const body = html`<main>
${marks(owner, provider.name)}
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
<button class="go" name="action" value="continue">Continue to ${provider.name}</button>
<button name="action" value="cancel">Cancel</button>
</form>
</main>
${footer(owner)}`;
  return {
    ...frame(owner, `Connect ${provider.name} to ${owner.name}`, body),
    formAction: destinations(provider, app, session),
  };
}

/** Returns the page of a refusal, or of a bug: what it was, and what to do next. */
export function failurePage(owner: Owner, error: HubError | undefined, requestId: string): Page {
  const title = error ? outcomes[error.code].title : 'Something went wrong on our side';
  const message = error?.message ?? 'Nothing was connected. Please try again in a few minutes.';
  const body = html`<main>
${marks(owner)}
<h1>${title}</h1>
<p class="lead">${message}</p>
<p class="small">You can close this page.${
    error ? undefined : html` If it happens again, tell ${owner.name} this reference: <code>${requestId}</code>`
  }</p>
</main>
${footer(owner)}`;
  return frame(owner, title, body);
}

function frame(owner: Owner, title: string, body: Html): Page {
  return {
    title: `${title} · ${owner.name}`,
    style: pageStyle(owner),
    body,
    images: owner.logoUrl ? [new URL(owner.logoUrl).origin] : [],
  };
}

function marks(owner: Owner, providerName?: string): Html {
  const own = owner.logoUrl
    ? html`<span class="mark logo"><img src="${owner.logoUrl}" alt="" width="44" height="44"></span>`
    : html`<span class="mark own">${initial(owner.name)}</span>`;
  const other = providerName && html`<span class="link"></span><span class="mark">${initial(providerName)}</span>`;
  return html`<div class="pair" aria-hidden="true">${own}${other || undefined}</div>`;
}

function permissions(owner: Owner, provider: Provider, scopes: readonly string[]): Html {
  if (scopes.length === 0)
    return html`<h2>${owner.name} will be able to use your account as ${provider.name} allows it</h2>`;
  const words = provider.auth.scopes;
  const items = scopes.map((scope) =>
    Object.hasOwn(words, scope) ? html`<li>${words[scope]}</li>` : html`<li>The permission <code>${scope}</code></li>`,
  );
  return html`<h2 id="may">${owner.name} will be able to</h2>
<ul aria-labelledby="may">
${items}
</ul>`;
}

function footer({ name, supportUrl }: Owner): Html {
  const help = supportUrl && html` · <a href="${supportUrl}" rel="noreferrer">Help</a>`;
  return html`<footer>A secure connection page of ${name}${help || undefined}</footer>`;
}

function initial(name: string): string {
  return [...name][0]?.toUpperCase() ?? '';
}

/** Chromium holds every redirect that follows a form to `form-action`: the provider, whatever sign-in of its own or of the
 *  end user's company it passes the browser to (any https), and the owner's app. */
function destinations({ auth }: Provider, app: ProviderApp, { returnUrl }: Session): string[] {
  const named = [placed(auth.authorizeUrl, app), returnUrl].map((url) => new URL(url).origin);
  return [...new Set(named), 'https:'];
}
