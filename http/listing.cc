// The page of a folder. See listing.h.
#include "http/listing.h"

#include <algorithm>
#include <memory>
#include <new>

#include "http/memory_file.h"
#include "http/path.h"
#include "http/response.h"
#include "http/text_encoding.h"
#include "stack/base/markup.h"

namespace glasstcp::http {
namespace {

constexpr std::string_view kStyle =
    "<style>:root{color-scheme:light dark}"
    "body{font:1em/1.5 system-ui,sans-serif;max-width:54em;margin:2em auto;padding:0 1em;"
    "color:#234;background:#f6f9fb}h1{font-size:1.4em;font-weight:400;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600}"
    "td,th{padding:.3em .6em;border-bottom:1px solid #8894}"
    "td:first-child{overflow-wrap:anywhere}tr>:nth-child(n+2){text-align:right;"
    "white-space:nowrap;font-variant-numeric:tabular-nums;width:1%}"
    "tbody tr:hover{background:#0781}a{color:#07a;text-decoration:none}a:hover{"
    "text-decoration:underline}"
    "@media(prefers-color-scheme:dark){body{color:#cde;background:#123}a{color:#5cf}}</style>\n";

/// The name as text between tags or quotes.
void write_name(TextWriter& out, std::string_view name) {
  std::size_t i = 0;
  while (i < name.size()) {
    const std::size_t length = utf8_length(as_bytes(name.substr(i)));
    const std::string_view character = name.substr(i, std::max<std::size_t>(length, 1));
    const auto first = static_cast<unsigned char>(character[0]);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      out.text("\xef\xbf\xbd");
    } else if (const std::string_view entity = entity_of(character[0]); !entity.empty()) {
      out.text(entity);
    } else {
      out.text(character);
    }
    i += character.size();
  }
}

/// "1.2 kB": for people; the exact number is in the title.
void write_size(TextWriter& out, std::uint64_t size) {
  constexpr std::string_view kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (size < 1000) {
    out.number(size).text(" B");
    return;
  }
  std::size_t unit = 0;
  std::uint64_t tenths = size / 100;
  while (tenths >= 10'000 && unit + 1 < std::size(kUnits)) {
    tenths /= 1000;
    ++unit;
  }
  out.number(tenths / 10);
  if (tenths < 1000) out.text(".").number(tenths % 10);
  out.text(" ").text(kUnits[unit]);
}

void write_row(TextWriter& out, const FolderEntry& entry) {
  const std::string_view slash = entry.is_folder ? "/" : "";
  out.text("<tr><td><a href=\"");
  write_encoded_name(out, entry.name);
  // <bdi>: a name that turns the direction of writing turns only itself.
  out.text(slash).text("\"><bdi>");
  write_name(out, entry.name);
  out.text(slash).text("</bdi></a><td");
  if (entry.is_folder) {
    out.text(">");
  } else {
    out.text(" title=\"").number(entry.size).text(" bytes\">");
    write_size(out, entry.size);
  }
  const auto date = format_minute(entry.mtime_seconds);
  out.text("<td>").text({date.data(), date.size()}).text("\n");
}

void write_page(TextWriter& out, std::string_view path, const FolderContent& content,
                std::size_t room) {
  out.text("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
  out.text("<meta name=\"viewport\" content=\"width=device-width\">\n<title>/");
  write_name(out, path);
  out.text(path.empty() ? "</title>\n" : "/</title>\n").text(kStyle).text("<h1><bdi>/");
  write_name(out, path);
  out.text(path.empty() ? "</bdi></h1>\n" : "/</bdi></h1>\n");
  out.text("<table>\n<thead><tr><th>Name<th>Size<th>Changed (UTC)</thead>\n<tbody>\n");
  if (!path.empty()) out.text("<tr><td><a href=\"../\">../</a><td><td>\n");
  std::size_t shown = 0;
  for (const FolderEntry& entry : content.entries) {
    if (out.size() + 9 * entry.name.size() + 512 > room) break;
    write_row(out, entry);
    ++shown;
  }
  out.text("</tbody></table>\n");
  if (content.is_cut || shown < content.entries.size()) {
    out.text("<p>There is more here than this page shows.</p>\n");
  } else if (shown == 0) {
    out.text("<p>This folder is empty.</p>\n");
  }
  out.text("</html>\n");
}

bool comes_before(const FolderEntry& a, const FolderEntry& b) {
  if (a.is_folder != b.is_folder) return a.is_folder;
  const auto lower = [](char x, char y) {
    return static_cast<unsigned char>(to_lower(x)) < static_cast<unsigned char>(to_lower(y));
  };
  if (std::ranges::lexicographical_compare(a.name, b.name, lower)) return true;
  if (std::ranges::lexicographical_compare(b.name, a.name, lower)) return false;
  return a.name < b.name;
}

}  // namespace

FileRef make_listing(std::string_view path, FolderContent& content) noexcept {
  std::ranges::sort(content.entries, comes_before);
  std::int64_t newest = content.mtime_seconds;
  // Bytes of a name take at most three in a link and six in a text.
  std::size_t room = 4096 + 12 * path.size();
  for (const FolderEntry& entry : content.entries) {
    room += 9 * entry.name.size() + 160;
    newest = std::max(newest, entry.mtime_seconds);
  }
  room = std::min<std::size_t>(room, kWholeFileLimit);
  std::unique_ptr<std::uint8_t[]> bytes(new (std::nothrow) std::uint8_t[room]);
  if (bytes == nullptr) return {};
  TextWriter out(bytes.get(), room);
  write_page(out, path, content, room);
  if (out.overflowed()) return {};
  const std::size_t size = out.size();
  return FileRef(new (std::nothrow) MemoryFile(std::move(bytes), size, newest));
}

}  // namespace glasstcp::http
