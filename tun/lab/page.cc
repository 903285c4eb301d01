// See page.h.
#include "tun/lab/page.h"

#include <fmt/format.h>

#include "stack/lab/ladder.h"
#include "stack/trace/reason_class.h"

namespace glasstcp {
namespace {

// Colours of the classes come from the one table; everything else is plain.
std::string style() {
  std::string light, dark;
  for (const ReasonClassInfo& row : all_reason_classes()) {
    light += fmt::format(".c-{}{{color:{}}}", row.key, row.light);
    dark += fmt::format(".c-{}{{color:{}}}", row.key, row.dark);
  }
  return ":root{color-scheme:light dark}"
         "body{font:1rem/1.6 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;"
         "background:#fff;color:#111418}"
         "pre{font:.82rem/1.35 ui-monospace,Menlo,Consolas,'Noto Sans Mono CJK SC',monospace;"
         "overflow-x:auto;padding:.8rem;border:1px solid #c9ced6;border-radius:6px}"
         "h2{font-size:1.15rem;margin:1.6rem 0 .3rem}nav{margin:1rem 0}"
         "summary{cursor:pointer;font-weight:600}a{color:#0569d5}" +
         light +
         "@media(prefers-color-scheme:dark){body{background:#111418;color:#eceff3}"
         "pre{border-color:#4c5767}a{color:#4a93ff}" +
         dark + "}@media print{pre{white-space:pre-wrap;border:0}}";
}

}  // namespace

std::string page(Language language, std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      language == Language::Chinese ? "zh-CN" : "en", lab::html_escaped(title), style(), body);
}

}  // namespace glasstcp
