// The rows of a connection as the page reads them: those of the lab's ladder, from one end alone.
//
// Side 0 is the peer, side 1 this server. Of a packet of the peer nobody here knows when it left,
// of one of ours nobody knows whether it came; the peer's state is what its packets prove.
//
// Next: view_stream.h.
#pragma once

#include "stack/lab/row_json.h"
#include "stack/lab/row_words.h"
#include "tun/view/view_memory.h"

namespace glasstcp {

/// Writes rows of one connection, in order, for one reader.
class ViewRows {
 public:
  /// Times are told since `start`.
  ViewRows(Language language, Instant start) : language_(language), start_(start) {}

  /// The row, and its moment.
  void write(const ViewRow& row, Json& rows, Json& moments);

 private:
  Language language_;
  Instant start_;
  lab::ToldNames told_;
  PeerStates peer_;
};

}  // namespace glasstcp
