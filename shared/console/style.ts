/** The style sheet of the pages for developers and operators: system fonts, light and dark, no image. */
export const style = `:root{color-scheme:light dark;--ground:#fff;--soft:#f4f5f8;--ink:#171a21;--quiet:#505866;--line:#dde1e8;--link:#1a4fb4}
@media (prefers-color-scheme:dark){:root{--ground:#0f1115;--soft:#1b1f27;--ink:#eceef3;--quiet:#aab1bf;--line:#2c313b;--link:#9dbdff}}
*,*::before,*::after{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 4rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .5rem}
h2{margin:2.5rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--line);font-size:1.3rem}
h3{margin:2rem 0 .25rem;font-size:1rem}
h4{margin:1rem 0 .25rem;font-size:.875rem;color:var(--quiet)}
p{margin:.25rem 0 .5rem}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0 0;padding:0;list-style:none}
code,pre{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
h3 code{font-size:1rem;font-weight:650}
pre{margin:.5rem 0;padding:.75rem;overflow-x:auto;background:var(--soft);border:1px solid var(--line);border-radius:8px;overflow-wrap:normal}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.375rem .5rem;text-align:start;vertical-align:top;border-bottom:1px solid var(--line)}
.wide{overflow-x:auto}
dl{margin:0}
dl div{display:grid;grid-template-columns:3.5rem 1fr;gap:.5rem;padding:.25rem 0;border-bottom:1px solid var(--line)}
dt{font-weight:650}
dd{margin:0}
dd p{margin:0}
summary{cursor:pointer;color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}`;
