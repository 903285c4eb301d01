// Media types. See media_types.h.
#include "http/media_types.h"

#include <algorithm>

#include "http/text.h"

namespace glasstcp::http {
namespace {

constexpr std::size_t kLongestExtension = 16;
constexpr std::string_view kUnknownType = "application/octet-stream";

constexpr std::string_view kBuiltIn = R"(
text/html html htm
text/css css
text/javascript js mjs
text/plain txt text log md
text/csv csv
text/vtt vtt
text/calendar ics
text/xml xml
application/json json map
application/ld+json jsonld
application/geo+json geojson
application/manifest+json webmanifest
application/xhtml+xml xhtml xht
application/rss+xml rss
application/atom+xml atom
application/pdf pdf
application/rtf rtf
application/epub+zip epub
application/msword doc
application/vnd.ms-excel xls
application/vnd.ms-powerpoint ppt
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.oasis.opendocument.text odt
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.presentation odp
application/wasm wasm
application/zip zip
application/gzip gz tgz
application/zstd zst
application/x-7z-compressed 7z
application/x-tar tar
application/vnd.tcpdump.pcap pcap pcapng
application/x-subrip srt
application/vnd.apple.mpegurl m3u8
application/dash+xml mpd
application/vnd.android.package-archive apk
audio/mpeg mp3
audio/mp4 m4a
audio/ogg ogg oga opus
audio/wav wav
audio/flac flac
audio/aac aac
audio/midi mid midi
font/woff woff
font/woff2 woff2
font/ttf ttf
font/otf otf
image/png png
image/apng apng
image/jpeg jpg jpeg
image/gif gif
image/webp webp
image/avif avif
image/jxl jxl
image/svg+xml svg
image/x-icon ico
image/bmp bmp
image/tiff tif tiff
video/mp4 mp4 m4v
video/iso.segment m4s
video/mp2t ts
video/webm webm
video/ogg ogv
video/quicktime mov
video/x-matroska mkv
)";

std::string_view take_word(std::string_view& line) {
  line = trim(line);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

/// "type/subtype" of token characters: nothing that could end a field line.
bool is_media_type(std::string_view type) {
  const std::size_t slash = type.find('/');
  return slash != std::string_view::npos && is_token(type.substr(0, slash)) &&
         is_token(type.substr(slash + 1));
}

}  // namespace

MediaTypes::MediaTypes() {
  add_mime_types(kBuiltIn);
  for (Entry& entry : entries_) entry.is_built_in = true;
}

void MediaTypes::add_mime_types(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view type = take_word(line);
    if (!is_media_type(type)) continue;
    for (std::string_view extension = take_word(line); !extension.empty();
         extension = take_word(line)) {
      if (extension.size() <= kLongestExtension) put(extension, type);
    }
  }
}

void MediaTypes::put(std::string_view extension, std::string_view type) {
  std::string key(extension);
  std::ranges::transform(key, key.begin(), to_lower);
  std::string value(type);
  if (value.starts_with("text/")) value += "; charset=utf-8";
  const auto at = std::ranges::lower_bound(entries_, key, {}, &Entry::extension);
  if (at != entries_.end() && at->extension == key) {
    if (!at->is_built_in) at->type = std::move(value);
  } else {
    entries_.insert(at, Entry{std::move(key), std::move(value), false});
  }
}

// RFC 9110 §8.3 SHOULD R9110-11: a type wherever the extension tells it; else "just bytes".
std::string_view MediaTypes::type_of(std::string_view path) const noexcept {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot - 1 > kLongestExtension)
    return kUnknownType;
  char lower[kLongestExtension];
  const std::string_view extension = name.substr(dot + 1);
  std::ranges::transform(extension, lower, to_lower);
  const std::string_view key(lower, extension.size());
  const auto at = std::ranges::lower_bound(entries_, key, std::ranges::less{}, [](const Entry& e) {
    return std::string_view(e.extension);
  });
  return at != entries_.end() && at->extension == key ? std::string_view(at->type) : kUnknownType;
}

}  // namespace glasstcp::http
