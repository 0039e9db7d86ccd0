import { html, type Page } from '../core/html.ts';
import { bare } from './frame.ts';
import { HOME, isOwnPage } from './visit.ts';

/** Returns the form that asks for the operator key. `to` is the page that was wanted: another site's is forgotten. */
export function signInPage(
  stage: string,
  { csrf, to, problem }: { readonly csrf: string; readonly to: string; readonly problem?: string },
): Page {
  const wanted = isOwnPage(to) && to !== HOME;
  return bare(
    stage,
    'Sign in',
    html`<main class="door"><h1>Operator’s console</h1>
<p class="quiet">Patchbay, stage <b>${stage}</b>. It shows every tenant: sign in with the operator key.</p>
${problem === undefined ? undefined : html`<div class="notice bad" role="alert"><p>${problem}</p></div>`}
<form method="post" action="${HOME}">
<input type="hidden" name="csrf" value="${csrf}">${wanted ? html`<input type="hidden" name="to" value="${to}">` : undefined}
<div class="field"><label for="key">Operator key</label>
<input id="key" name="key" type="password" required maxlength="300" autocomplete="current-password" spellcheck="false"></div>
<div class="acts"><button class="go" name="action" value="sign-in">Sign in</button></div>
</form>
${wanted ? html`<p class="more"><small>If you are signed in and came here by a link from elsewhere: <a href="${to}">open the page again</a>.</small></p>` : undefined}
</main>`,
  );
}
