import { html, page } from './html.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** The made-up people who have an account at the demo provider. */
export const accounts: readonly Account[] = [
  { id: 'acc_ada', name: 'Ada Lovelace', email: 'ada@analytical.example' },
  { id: 'acc_grace', name: 'Grace Hopper', email: 'grace@compilers.example' },
];

/** The scopes the demo provider knows, in its own words. */
export const scopeWords: Readonly<Record<string, string>> = {
  openid: 'See who you are',
  offline_access: 'Keep access while you are away',
  contacts: 'Read and change your contacts',
};

const style = `
:root { --ink: #1d1b26; --quiet: #625d70; --paper: #f4f1fa; --card: #fff; --line: #ddd6ea; --mark: #5b3fd6; --on: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f1eefa; --quiet: #b0a9c2; --paper: #14121b; --card: #201d2b; --line: #3a3549; --mark: #a795ff; --on: #14121b }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 26rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 2rem }
header { display: flex; align-items: center; gap: .6rem; color: var(--quiet); font-weight: 600; margin-bottom: 1.25rem }
header span { width: 1.6rem; height: 1.6rem; border-radius: .5rem; background: var(--mark) }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .5rem }
p { margin: 0 0 1.25rem; color: var(--quiet) }
ul { list-style: none; margin: 0 0 1.5rem; padding: 0; border-top: 1px solid var(--line) }
li { padding: .65rem 0; border-bottom: 1px solid var(--line) }
form { display: grid; gap: .75rem }
button { font: inherit; font-weight: 600; padding: .75rem 1rem; border-radius: .6rem; border: 1px solid var(--line);
  background: transparent; color: inherit; cursor: pointer; text-align: left }
button small { display: block; font-weight: 400; color: var(--quiet) }
button.main { background: var(--mark); border-color: var(--mark); color: var(--on); text-align: center }
button.other { text-align: center }
button:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }`;

const head = html`<header><span aria-hidden="true"></span>Demo</header>`;

/** Who are you? A demo needs no password. */
export function signInPage(): string {
  const choices = accounts.map(
    ({ id, name, email }) => html`<button name="account" value="${id}">${name}<small>${email}</small></button>`,
  );
  return page(
    'Sign in · Demo',
    style,
    html`${head}<h1>Sign in to Demo</h1><p>These people are made up: choose one, no password needed.</p>
<form method="post">${choices}</form>`,
  );
}

/** Do you allow it? */
export function consentPage(account: Account, scopes: readonly string[]): string {
  const wishes = scopes.map((scope) => html`<li>${scopeWords[scope] ?? scope}</li>`);
  return page(
    'Allow access? · Demo',
    style,
    html`${head}<h1>Allow Patchbay to use your Demo account?</h1><p>Signed in as ${account.name}. Patchbay would like to:</p>
<ul>${wishes}</ul>
<form method="post"><button class="main" name="decision" value="allow">Allow</button>
<button class="other" name="decision" value="deny">Deny</button></form>`,
  );
}

export function errorPage(code: string, detail = ''): string {
  return page('Something is wrong · Demo', style, html`${head}<h1>This cannot go on</h1><p>${detail} (${code})</p>`);
}
