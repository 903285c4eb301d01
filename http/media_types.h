// Media types by file name extension: a built-in table, and what the text of /etc/mime.types adds.
//
// RFC 9110 §8.3. The text is handed in; nothing here opens a file.
//
// Invariants:
//   1. The views that type_of() returns live as long as the table.
//   2. Every text/* type says charset=utf-8; whoever sends a file takes that off where it is not
//   so.
//   3. What a page needs is built in and stays: a system's list that calls .ts a program text, or
//      .js application/javascript, changes nothing.
//
// Next: site.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glasstcp::http {

/// Finds the Content-Type of a file. Filled once at start-up; allocates only then.
class MediaTypes {
 public:
  MediaTypes();

  /// Adds the lines of a mime.types file ("type ext ext ...") for extensions that are not built in;
  /// of two lines the later one. Malformed lines are skipped.
  void add_mime_types(std::string_view text);
  /// The Content-Type for a path; "application/octet-stream" when the extension is missing or
  /// unknown.
  [[nodiscard]] std::string_view type_of(std::string_view path) const noexcept;

 private:
  struct Entry {
    std::string extension;  // in lower case
    std::string type;
    bool is_built_in = false;
  };
  void put(std::string_view extension, std::string_view type);

  std::vector<Entry> entries_;  // sorted by extension
};

}  // namespace glasstcp::http
