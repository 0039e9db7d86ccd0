import { type Html, html, type Page } from '../core/html.ts';
import type { Field, Fixed, Minted, Way, WayKind } from '../providers/auth.ts';
import type { Provider } from '../providers/provider.ts';
import type { FormAgain } from './enter.ts';
import { fieldsOf } from './fields.ts';
import type { Owner } from './owner.ts';
import { frame, marks } from './page-frame.ts';
import type { Session } from './session.ts';

/** How the pages name a way that does not name itself. */
const words: Readonly<Record<WayKind, string>> = {
  oauth2: 'a sign-in there',
  api_key: 'an API key',
  basic: 'a user name and password',
  sigv4: 'an access key',
  password: 'a user name and password',
  client_credentials: 'a client id and secret',
  app_jwt: 'an installed app',
};

export interface CredentialFormProps {
  readonly session: Session;
  readonly provider: Provider;
  readonly way: Fixed | Minted;
  readonly others: readonly Way[];
  readonly link: string;
  readonly csrf: string;
  readonly again?: Omit<FormAgain, 'way'>;
}

/** Returns the page that takes a credential: who asks, each field with where to find it, and what was wrong with it the
 *  last time. No secret is ever written into it. */
export function credentialForm(owner: Owner, props: CredentialFormProps): Page {
  const { session, provider, way, others, link, csrf, again } = props;
  const title = `Connect ${provider.name} to ${owner.name}`;
  const fields = fieldsOf(way).map((field) => control(field, again));
  const wrong = again?.refusal ?? (again && 'Some of this cannot be right. See below.');
  const content = html`${marks(owner, provider.name)}
<h1>${title}</h1>
<p class="lead"><b>${owner.name}</b> asks for access to your <b>${provider.name}</b> account with <b>${nameOf(way)}</b>.</p>
<dl>
<div><dt>For</dt><dd><bdi>${session.tenantName}</bdi></dd></div>
<div><dt>Requested by</dt><dd><bdi>${session.endUser}</bdi></dd></div>
</dl>
${wrong && html`<p class="problem" role="alert">${wrong}</p>`}
<form method="post" action="/connect/${link}/start">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="way" value="${way.kind}">
${fields}
<p class="small"><a href="${way.docs ?? provider.docs}" rel="noreferrer" target="_blank">How ${provider.name} explains it</a>. What you enter is tried once, then kept encrypted; you can disconnect at any time.</p>
<p class="care">Continue only if you yourself asked ${owner.name} for this. If somebody sent you this link, choose Cancel.</p>
<div class="choice">
<button class="go" name="action" value="continue">Connect ${provider.name}</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</div>
</form>
${otherWays(link, others)}`;
  return { ...frame(owner, title, content), formAction: [new URL(session.returnUrl).origin, 'https:'] };
}

/** Returns the links to a provider's other ways; nothing where there are none. */
export function otherWays(link: string, others: readonly Way[]): Html | undefined {
  if (others.length === 0) return undefined;
  const items = others.map(
    (way) => html`<a href="/connect/${link}?way=${way.kind}">Connect with ${nameOf(way)} instead</a> `,
  );
  return html`<p class="ways">${items}</p>`;
}

/** Returns how the pages name a way. */
export function nameOf({ kind, label }: Way): string {
  return label ?? words[kind];
}

function control(field: Field, again: CredentialFormProps['again']): Html {
  const { name, label, help, secret, choices, optional } = field;
  const fault = again && Object.hasOwn(again.faults, name) ? again.faults[name] : undefined;
  const value = again && Object.hasOwn(again.values, name) ? again.values[name] : undefined;
  const id = `field-${name}`;
  const state = html` id="${id}" name="${name}" aria-describedby="${id}-help${fault === undefined ? '' : ` ${id}-error`}"${
    optional ? undefined : html` required`
  }${fault === undefined ? undefined : html` aria-invalid="true"`}`;
  const input = choices
    ? html`<select${state}>${Object.entries(choices).map(([choice, meaning]) => option(choice, meaning, value))}</select>`
    : html`<input${state} type="${secret ? 'password' : 'text'}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="4000"${
        secret || value === undefined ? undefined : html` value="${value}"`
      }>`;
  return html`<div class="field">
<label for="${id}">${label}${optional ? ' (optional)' : undefined}</label>
${input}
<p class="help" id="${id}-help">${help}</p>
${fault === undefined ? undefined : html`<p class="error" id="${id}-error">${fault}</p>`}
</div>`;
}

function option(choice: string, meaning: string, chosen: string | undefined): Html {
  return html`<option value="${choice}"${choice === chosen ? html` selected` : undefined}>${meaning}</option>`;
}
