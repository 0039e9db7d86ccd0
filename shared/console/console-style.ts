import { style } from './style.ts';

/** The style sheet of the operator's pages: that of the description, with all that is pressed, filled in or stands out. On a
 *  narrow screen each row of a table is a card, and says at each value what it is. */
export const consoleStyle = `${style}
:root{--edge:#7f8795;--good:#0a5c28;--good-ground:#e4f4e9;--warn:#5c4300;--warn-ground:#fff1cf;--bad:#8f1a13;--bad-ground:#fdeae8}
@media (prefers-color-scheme:dark){:root{--edge:#747c8b;--good:#9be0b0;--good-ground:#12301c;--warn:#f6dfa6;--warn-ground:#332a12;--bad:#ffb4ab;--bad-ground:#3a1714}}
body{padding-top:1rem}
h1{font-size:1.5rem;line-height:1.25;text-wrap:balance}
h2{margin-top:2rem;font-size:1.125rem}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;margin:0 0 1.25rem;padding:0 0 .75rem;border-bottom:1px solid var(--line)}
.bar form{margin-inline-start:auto}
.brand{font-weight:700;color:var(--ink);text-decoration:none}
.crumbs ol{display:flex;flex-wrap:wrap;gap:0 .5rem;margin:0 0 .5rem;padding:0;list-style:none;font-size:.875rem}
.crumbs li+li::before{content:"/ ";color:var(--quiet)}
.quiet,small{color:var(--quiet)}
small{font-size:.8125rem}
.tag{display:inline-block;padding:.0625rem .5rem;border:1px solid var(--line);border-radius:1rem;background:var(--soft);color:var(--quiet);font-size:.8125rem;font-weight:600;line-height:1.4}
.tag.good{background:var(--good-ground);color:var(--good)}
.tag.warn{background:var(--warn-ground);color:var(--warn)}
.tag.bad{background:var(--bad-ground);color:var(--bad);border-color:currentcolor}
.notice{margin:1rem 0;padding:.75rem 1rem;border:1px solid var(--line);border-inline-start:4px solid var(--edge);border-radius:8px;background:var(--soft)}
.notice.good{background:var(--good-ground);color:var(--good);border-color:currentcolor}
.notice.warn{background:var(--warn-ground);color:var(--warn);border-color:currentcolor}
.notice.bad{background:var(--bad-ground);color:var(--bad);border-color:currentcolor}
.notice a:not(.button){color:inherit}
.notice .button:not(.danger){color:var(--ink)}
.notice p:last-child{margin:0}
.facts{margin:.75rem 0 0}
.facts div{grid-template-columns:minmax(7rem,11rem) 1fr;gap:.75rem;padding:.3125rem 0}
.facts div:last-child{border-bottom:0}
.facts dt{font-weight:400;color:var(--quiet)}
.acts{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0 0}
button,.button{display:inline-block;min-height:2.25rem;padding:.375rem .875rem;border:1px solid var(--edge);border-radius:8px;background:var(--ground);color:var(--ink);font:inherit;font-size:.9375rem;font-weight:600;line-height:1.4;text-decoration:none;cursor:pointer}
button:hover,.button:hover{background:var(--soft)}
button.go{background:var(--link);color:var(--ground);border-color:var(--link)}
button.danger,.button.danger{color:var(--bad);border-color:currentcolor}
td button{min-height:1.75rem;padding:.125rem .625rem;font-size:.8125rem}
.field{margin:.75rem 0 0}
.field label{display:block;margin:0 0 .25rem;font-weight:600;font-size:.9375rem}
input:not([type=hidden]),select{display:block;width:100%;min-height:2.5rem;padding:.375rem .625rem;border:1px solid var(--edge);border-radius:8px;background:var(--ground);color:var(--ink);font:inherit}
.find{display:grid;grid-template-columns:1fr 1fr auto;gap:.25rem .75rem;align-items:end}
.find button{min-height:2.5rem}
.door{max-width:26rem;margin:clamp(2rem,12vh,8rem) auto 0;padding:1.5rem;border:1px solid var(--line);border-radius:14px}
.door .acts button{flex:1}
table{margin:.5rem 0 0}
th{font-size:.8125rem;font-weight:600;color:var(--quiet)}
td{min-width:4rem}
td form,td .acts{margin:0}
th:first-child,td:first-child{padding-inline-start:0}
.more{margin:.75rem 0 0}
@media (min-width:44.01rem){th,td .tag,td button,time,time+small{white-space:nowrap;overflow-wrap:normal}}
@media (max-width:44rem){
.find{grid-template-columns:1fr}
.find button{margin-top:.75rem}
.facts div{grid-template-columns:1fr;gap:0}
table,tbody,tr,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
td{display:grid;grid-template-columns:minmax(5.5rem,30%) 1fr;gap:.5rem;padding:.125rem 0;border:0}
td::before{content:attr(data-label);color:var(--quiet);font-size:.8125rem}
td>*{justify-self:start}
td:empty{display:none}
}
@media (forced-colors:active){.tag,.notice{border-color:CanvasText}}`;
