// Tables of comma-separated values: read from whatever program wrote them, written so that every
// program reads them.
//
// RFC 4180. Written with a UTF-8 byte order mark, which Excel needs, and so that no cell is a
// formula.
//
// Next: student_list.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glasstcp {

class CsvWriter {
 public:
  void add_row(const std::vector<std::string>& cells);
  /// The byte order mark and all rows, which end in CR LF.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_ = "\xef\xbb\xbf";
};

struct CsvRow {
  std::size_t line = 0;  ///< of the text, from 1
  std::vector<std::string> cells;
};

/// Rows of a text whose lines end in a line feed; empty lines are left out. A quotation mark that
/// is never closed ends with the text.
[[nodiscard]] std::vector<CsvRow> read_csv(std::string_view text, char separator);

}  // namespace glasstcp
