import { inkOn, type Owner } from './owner.ts';

/** Returns the style sheet of the hosted pages: system fonts, light and dark, the owner's colour as accent alone. */
export function pageStyle({ colour }: Pick<Owner, 'colour'>): string {
  return `:root{color-scheme:light dark;--accent:${colour};--on-accent:${inkOn(colour)};${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
${rules}`;
}

const light =
  '--ground:#f3f4f7;--card:#ffffff;--ink:#171a21;--quiet:#505866;--line:#dde1e8;--edge:#7f8795;--soft:#f6f7fa;--warn-ground:#fff6e0;--warn-ink:#5c4300;--bad:#b3261e;--focus:#1a56c4;--shadow:0 1px 2px rgb(16 24 40/.06),0 12px 32px -12px rgb(16 24 40/.18)';
const dark =
  '--ground:#0f1115;--card:#181b22;--ink:#eceef3;--quiet:#aab1bf;--line:#2c313b;--edge:#747c8b;--soft:#1f232c;--warn-ground:#332a12;--warn-ink:#f6dfa6;--bad:#ffb4ab;--focus:#8fb6ff;--shadow:0 1px 2px rgb(0 0 0/.4)';

// Beside the two pages: `.field` (label, control, `.help`, `.error`), `.problem` (what is wrong with the form), `.ways` (links
// to the other ways), for the forms that take a credential.
const rules = `*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;grid-template-rows:1fr auto;justify-items:center;align-items:center;gap:1rem;padding:clamp(1rem,4vw,3rem) 1rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;overflow-wrap:anywhere}
main{width:100%;max-width:29rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--accent);border-radius:14px;box-shadow:var(--shadow);padding:clamp(1.25rem,5vw,2.25rem)}
h1{margin:0 0 .5rem;font-size:clamp(1.3rem,1.1rem + 1vw,1.55rem);line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
h2{margin:1.5rem 0 .5rem;font-size:.9375rem}
p{margin:0 0 .75rem}
.pair{display:flex;align-items:center;gap:.5rem;margin:0 0 1.25rem}
.mark{display:grid;place-items:center;flex:none;width:2.75rem;height:2.75rem;border-radius:12px;border:1px solid var(--line);background:var(--soft);font-weight:650;font-size:1.125rem;overflow:hidden}
.mark.own{background:var(--accent);color:var(--on-accent);border-color:transparent}
.mark.logo{background:#fff;border-color:var(--line)}
.mark img{width:100%;height:100%;object-fit:contain}
.link{flex:0 1 2rem;border-top:2px dotted var(--quiet)}
.lead{color:var(--quiet)}
.lead b{color:var(--ink);font-weight:600}
dl{margin:1.25rem 0 0;border:1px solid var(--line);border-radius:10px;overflow:hidden}
dl div{display:grid;grid-template-columns:7.5rem 1fr;gap:.75rem;padding:.625rem .875rem}
dl div+div{border-top:1px solid var(--line)}
dt{color:var(--quiet);font-size:.875rem;line-height:1.6}
dd{margin:0;font-weight:550}
ul,ol{margin:0;padding:0;list-style:none}
li{position:relative;padding:.1875rem 0;padding-inline-start:1.75rem}
ul>li::before{content:"";position:absolute;inset-inline-start:.25rem;top:.6rem;width:.75rem;height:.4rem;border:solid var(--quiet);border-width:0 0 2px 2px;transform:rotate(-45deg)}
ol{counter-reset:step}
ol>li{counter-increment:step}
ol>li::before{content:counter(step);position:absolute;inset-inline-start:0;top:.35rem;width:1.25rem;height:1.25rem;border-radius:50%;background:var(--soft);border:1px solid var(--edge);font-size:.75rem;font-weight:600;line-height:1.125rem;text-align:center}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);border:1px solid var(--line);border-radius:5px;padding:.0625rem .3125rem}
.care{margin:1.25rem 0 0;padding:.75rem .875rem;border-radius:10px;background:var(--warn-ground);color:var(--warn-ink);font-size:.9375rem}
.choice{display:flex;flex-wrap:wrap;gap:.625rem;margin:1.5rem 0 0}
button{flex:1 1 9rem;min-height:2.875rem;padding:.625rem 1.125rem;border-radius:10px;border:1px solid var(--edge);background:transparent;color:var(--ink);font:inherit;font-weight:600;overflow-wrap:anywhere;cursor:pointer}
button:hover{background:var(--soft)}
button.go{flex-grow:2;background:var(--accent);color:var(--on-accent);border-color:var(--quiet)}
button.go:hover{box-shadow:inset 0 0 0 2px var(--on-accent)}
fieldset{margin:0;padding:0;border:0;min-width:0}
.field{margin:1.125rem 0 0}
.field label,legend{display:block;padding:0;margin:0 0 .25rem;font-weight:600;font-size:.9375rem}
.field input,.field select,.field textarea{display:block;width:100%;min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--edge);border-radius:10px;background:var(--card);color:var(--ink);font:inherit}
.field [aria-invalid=true]{border-color:var(--bad);border-width:2px}
.help{margin:.3125rem 0 0;color:var(--quiet);font-size:.875rem}
.error{margin:.3125rem 0 0;color:var(--bad);font-size:.875rem;font-weight:600}
.problem{margin:1.25rem 0 0;padding:.75rem .875rem;border:1px solid var(--bad);border-inline-start-width:4px;border-radius:10px;color:var(--bad);font-weight:600}
.ways{margin:1.25rem 0 0;padding:1rem 0 0;border-top:1px solid var(--line);font-size:.9375rem}
.ways a{display:inline-block;padding:.25rem 0}
a{color:inherit;text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:10px}
.small{margin:1.25rem 0 0;color:var(--quiet);font-size:.875rem}
footer{color:var(--quiet);font-size:.8125rem;text-align:center}
@media (max-width:26rem){dl div{grid-template-columns:1fr;gap:0}.choice{flex-direction:column}button{flex:none}}
@media (forced-colors:active){button{border:1px solid ButtonText}.mark,.mark.own{border-color:CanvasText}:focus-visible{outline-color:Highlight}}`;
