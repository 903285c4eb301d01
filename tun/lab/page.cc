// See page.h.
#include "tun/lab/page.h"

#include <fmt/format.h>

#include "stack/lab/ladder.h"
#include "stack/trace/reason_class.h"

namespace glasstcp {
namespace {

// Colours, type and panes of the lab page (http/web/shared/base.css); of the classes of reasons
// those of the one table.
constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--back:#eef3fb;--ink:#14203a;--soft:#47546f;--line:rgba(28,52,104,.16);
--accent:#1d55c4;--on-accent:#fff;--pane:#fff;--chip:rgba(32,92,210,.09);
--glow:radial-gradient(60rem 30rem at 85% -10rem,rgba(96,150,255,.28),transparent 70%),
radial-gradient(50rem 26rem at -10% 10rem,rgba(80,200,220,.16),transparent 70%)}
@media(prefers-color-scheme:dark){:root{--back:#0a1128;--ink:#eef3ff;--soft:#b3c0dc;
--line:rgba(170,198,255,.18);--accent:#8db8ff;--on-accent:#0a1128;--pane:#111a38;
--chip:rgba(124,170,255,.14);
--glow:radial-gradient(60rem 30rem at 85% -10rem,rgba(60,110,230,.3),transparent 70%)}}
*{box-sizing:border-box}
body{margin:0;background:var(--glow) no-repeat var(--back);color:var(--ink);font:1rem/1.6 system-ui,
-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{max-width:62rem;margin:0 auto;padding:1rem 1rem 4rem}
nav{display:flex;flex-wrap:wrap;gap:.4rem 1rem;justify-content:space-between;margin:.3rem 0 1.4rem}
a{color:var(--accent)}
nav a,.files a{text-decoration:none;font-weight:600}
nav a:hover,.files a:hover{text-decoration:underline}
h1{margin:.1rem 0 .4rem;font-size:clamp(1.6rem,4vw,2.3rem);line-height:1.2;text-wrap:balance}
h2{margin:0 0 .4rem;font-size:1.1rem;line-height:1.3}
.eyebrow{margin:0;color:var(--accent);font-weight:600;font-size:.92rem}
.lead{margin:0 0 1.2rem;color:var(--soft);font-size:1.1rem;max-width:46rem}
.chosen{color:var(--soft);font-size:.86rem}
.pane,.cards a,details{background:var(--pane);border:1px solid var(--line);border-radius:1rem}
.pane,details{padding:1rem 1.2rem;margin:1rem 0}
.pane p:last-child,details p:last-child{margin-bottom:0}
details>section{margin:1.6rem 0 0}
summary{cursor:pointer;display:inline-block;padding:.5rem 1.1rem;border-radius:2rem;
background:var(--accent);color:var(--on-accent);font-weight:600;list-style:none}
summary::-webkit-details-marker{display:none}
details[open]>summary{background:var(--chip);color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
pre{margin:.5rem 0;padding:.8rem;overflow-x:auto;border:1px solid var(--line);border-radius:.7rem;
font:.82rem/1.35 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace}
.files a{display:inline-block;margin:0 .4rem .4rem 0;padding:.25rem .8rem;border-radius:2rem;
background:var(--chip)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(18rem,100%),1fr));gap:.7rem;
margin:.6rem 0 2rem;padding:0;list-style:none}
.cards a{display:block;height:100%;padding:.8rem 1rem;color:inherit;text-decoration:none}
.cards a:hover{border-color:var(--accent)}
.cards b{display:block;line-height:1.35}
.cards a>span{display:block;margin-top:.25rem;color:var(--soft);font-size:.88rem;line-height:1.45}
.whole{white-space:nowrap}
ol.quiz{padding-left:2.9rem}
ol.quiz>li{margin:1rem 0}
@media print{body{background:none}pre{white-space:pre-wrap}details::details-content{content-visibility:visible}}
)css";

std::string style() {
  std::string light, dark;
  for (const ReasonClassInfo& row : all_reason_classes()) {
    light += fmt::format(".c-{}{{color:{}}}", row.key, row.light);
    dark += fmt::format(".c-{}{{color:{}}}", row.key, row.dark);
  }
  return std::string(kStyle) + light + "\n@media(prefers-color-scheme:dark){" + dark + "}\n";
}

}  // namespace

std::string page(Language language, std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</"
      "html>\n",
      language == Language::Chinese ? "zh-CN" : "en", lab::html_escaped(title), style(), body);
}

}  // namespace glasstcp
