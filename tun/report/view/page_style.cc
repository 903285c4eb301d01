// One style sheet, in the order of the page.
#include "tun/report/view/page_style.h"

#include <fmt/format.h>

#include "tun/report/view/svg.h"

namespace glasstcp::report {
namespace {

constexpr std::string_view kScreen = R"(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b2433; --soft: #566273; --faint: #7c8796; --rule: #dfe5ec; --wash: #f5f7fa;
  --accent: #0b57b8; --caution: #a13a00; --caution-wash: #fff4ec; --good: #17834f;
  --body: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif;
  --mono: ui-monospace, SFMono-Regular, "Cascadia Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC",
    monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --ink: #e8edf5; --soft: #a7b3c5; --faint: #7d899b; --rule: #2a3341; --wash: #1a212c;
    --accent: #7db4ff; --caution: #ffb07a; --caution-wash: #2b2019; --good: #4fe3a4;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 400 1rem/1.65 var(--body); }
main, header.cover, footer { max-width: 60rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
h1, h2, h3, h4, p, ul, figure, table, dl, dd, pre { margin: 0; padding: 0; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
p { text-wrap: pretty; overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .22em; }
code { font: .88em/1.4 var(--mono); background: var(--wash); border-radius: .25rem; padding: .08em .32em;
  overflow-wrap: anywhere; }
b.frame { font-weight: 650; font-variant-numeric: tabular-nums; color: var(--accent); }

header.cover { padding-top: clamp(2rem, 6vw, 4rem); }
.kicker { font-size: .8rem; font-weight: 600; letter-spacing: .09em; text-transform: uppercase; color: var(--accent);
  }
h1 { margin-top: .5rem; font-size: clamp(1.65rem, 4.4vw, 2.5rem); font-weight: 700; letter-spacing: -.012em; }
.subtitle { margin-top: .6rem; color: var(--soft); font-size: 1.02rem; max-width: 46rem; }
nav { margin-top: 1.8rem; border-top: 2px solid var(--ink); }
nav ol { list-style: none; margin: 0; padding: .9rem 0 0; columns: 3 15rem; column-gap: 2.2rem; counter-reset: toc; }
nav li { counter-increment: toc; break-inside: avoid; padding: .16rem 0; font-size: .92rem; line-height: 1.45;
  display: grid; grid-template-columns: 1.7rem minmax(0, 1fr); }
nav li::before { content: counter(toc); color: var(--faint);
  font-variant-numeric: tabular-nums; }
nav a { color: inherit; text-decoration: none; } nav a:hover { color: var(--accent); text-decoration: underline; }

main { counter-reset: section; padding-bottom: 2rem; }
section { counter-increment: section; margin-top: clamp(2.6rem, 6vw, 4rem); }
h2 { font-size: clamp(1.3rem, 2.8vw, 1.6rem); font-weight: 680; padding-bottom: .5rem;
  border-bottom: 1px solid var(--rule); }
h2::before { content: counter(section); color: var(--faint); font-weight: 500; margin-right: .7em;
  font-variant-numeric: tabular-nums; }
h3 { margin-top: 2rem; font-size: 1.1rem; font-weight: 650; }
section > p, section > ul { margin-top: .85rem; max-width: 46rem; }
.lead { font-size: 1.08rem; }
.note { color: var(--soft); font-size: .9rem; }
.caution { padding: .65rem .95rem; border-left: 3px solid var(--caution); background: var(--caution-wash);
  border-radius: 0 .4rem .4rem 0; font-size: .94rem; }
ul { padding-left: 1.2rem; } li + li { margin-top: .25rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .2rem; }

.facts { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1px; margin-top: 1.3rem;
  background: var(--rule); border: 1px solid var(--rule); border-radius: .6rem; overflow: hidden; }
.facts div { background: var(--paper); padding: .8rem 1rem .85rem; }
.facts dt { font-size: .78rem; color: var(--soft); }
.facts dd { font-size: 1.18rem; font-weight: 640; line-height: 1.35; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.facts small { display: block; font-size: .78rem; font-weight: 400; color: var(--faint); line-height: 1.45; }

.table { margin-top: 1.15rem; break-inside: auto; }
.table > p { margin-bottom: .4rem; font-size: .88rem; font-weight: 620; }
table { width: 100%; border-collapse: collapse; font-size: .86rem; line-height: 1.5;
  font-variant-numeric: tabular-nums; }
thead th { text-align: left; font-weight: 600; font-size: .76rem; color: var(--soft); vertical-align: bottom;
  border-bottom: 1.5px solid var(--ink); padding: .35rem .65rem .35rem 0; }
td { vertical-align: top; border-bottom: 1px solid var(--rule); padding: .42rem .65rem .42rem 0;
  overflow-wrap: break-word; }
td code { background: none; padding: 0; }
td:last-child, th:last-child { padding-right: 0; }
thead th { word-break: keep-all; }
td.short { white-space: nowrap; }
.number { text-align: right; }
.table .note { margin-top: .45rem; font-weight: 400; font-size: .82rem; }

figure { margin-top: 1.7rem; }
svg.figure { display: block; width: 100%; height: auto; }
svg.narrow { display: none; }
figcaption { margin-top: .6rem; font-size: .88rem; line-height: 1.55; color: var(--soft); max-width: 46rem; }
figcaption b { color: var(--ink); font-weight: 640; margin-right: .5em; }
details { margin-top: .5rem; font-size: .86rem; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }

.message { margin-top: 1.4rem; break-inside: avoid-page; }
.message h4 { font-size: .92rem; font-weight: 640; overflow-wrap: anywhere; }
.message pre { margin-top: .45rem; padding: .85rem 1rem; background: var(--wash); border-radius: .5rem;
  font: .8rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
.message .start { font-weight: 700; }
.message .name { color: var(--accent); }
.message .part { float: right; clear: right; margin-left: 1rem; font: .9em/1.75 var(--body); color: var(--faint);
  user-select: none; }
.message .blank { color: var(--faint); }
.message .body { display: block; border-top: 1px dashed var(--rule); margin-top: .2rem; padding-top: .35rem; }
.message ul { margin-top: .45rem; font-size: .86rem; color: var(--soft); }

.answer { margin-top: 1.5rem; padding-left: 1.1rem; border-left: 3px solid var(--accent); max-width: 48rem;
  break-inside: avoid; }
.answer h3 { margin: 0; font-size: 1.04rem; }
.answer p { margin-top: .4rem; }
.answer.absent { border-left-color: var(--rule); } .answer.absent h3, .answer.absent p { color: var(--soft); }

.question { margin-top: 1.5rem; break-inside: avoid; }
.question h3 { margin: 0; font-size: 1.02rem; }
.question p { margin-top: .25rem; font-size: .88rem; color: var(--soft); }
.space { margin-top: .55rem; border: 1px dashed var(--faint); border-radius: .4rem; background:
  repeating-linear-gradient(transparent 0 calc(2rem - 1px), var(--rule) calc(2rem - 1px) 2rem); }
.lines-1 { height: 2rem; } .lines-2 { height: 4rem; } .lines-3 { height: 6rem; } .lines-4 { height: 8rem; }
.lines-5 { height: 10rem; } .lines-6 { height: 12rem; }

footer { margin-top: 3.5rem; padding-top: 1.1rem; padding-bottom: 2.5rem; font-size: .8rem; line-height: 1.6;
  color: var(--soft); overflow-wrap: anywhere; }
footer::before { content: ""; display: block; border-top: 1px solid var(--rule); margin-bottom: 1rem; }
footer code { background: none; padding: 0; }

@media screen and (max-width: 44rem) {
  svg.wide { display: none; } svg.narrow { display: block; }
  nav ol { columns: 1; }
  table.cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.cards tr { display: block; padding: .55rem 0; border-bottom: 1px solid var(--rule); }
  table.cards tr:first-child { border-top: 1.5px solid var(--ink); }
  table.cards td { display: grid; grid-template-columns: minmax(6.4rem, 34%) minmax(0, 1fr); gap: .8rem; border: 0;
    padding: .1rem 0; text-align: left; }
  table.cards td::before { content: attr(data-label); color: var(--soft); font-size: .78rem; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .facts dd { font-size: 1.02rem; }
  td, td.short { overflow-wrap: anywhere; white-space: normal; }
  .message pre { padding: .75rem .8rem; }
}
)";

constexpr std::string_view kPrint = R"(
@page { size: A4; margin: 17mm 16mm 19mm; @bottom-left { content: "{0}"; font: 6.4pt/1.3 sans-serif; color: #566273; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 7.5pt/1.3 sans-serif; color: #566273; } }
@media print {
  body { font-size: 10pt; line-height: 1.55; }
  main, header.cover, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header.cover { padding-top: 0; }
  section { margin-top: 9mm; }
  h2, h3, h4, .table > p { break-after: avoid; }
  figure, .message, .answer, .question, .facts, tr { break-inside: avoid; }
  p, li { orphans: 3; widows: 3; }
  .table .note { break-before: avoid; }
  thead { display: table-header-group; }
  svg.figure { max-height: 232mm; }
  figure { margin-top: 5mm; }
  .facts dd { font-size: 11pt; } .facts div { padding: 2mm 3mm; }
  table { font-size: 8pt; } thead th { font-size: 7.4pt; }
  .message pre { font-size: 7.6pt; background: none; border: 1px solid var(--rule); }
  details:not([open]) { display: none; }
  a { color: inherit; text-decoration: none; }
}
)";

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<') out += c;
  }
  return out;
}

}  // namespace

std::string page_style(const std::string& page_footer) {
  std::string print(kPrint);
  print.replace(print.find("{0}"), 3, printable(page_footer));
  return std::string(kScreen) + figure_style() + print;
}

}  // namespace glasstcp::report
