// Where the application's messages lie in the byte stream, and why it closes a connection.
//
// TCP has no messages (RFC 9293 §2.2: a stream of bytes). Who speaks HTTP knows where one begins
// and ends, and tells it to whoever watches, so that a capture can say which response a segment
// belongs to. Nothing here is read from the bytes.
//
// Invariants:
//   1. Marks are made only while somebody watches, and change nothing that is sent.
//
// Next: ../trace/packet_event.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

enum class MessageRole : std::uint8_t { Request, Response };

/// A place in one direction of a connection's byte stream.
struct MessageMark {
  enum class Kind : std::uint8_t {
    Begin,  ///< the next message begins at `seq`
    Name,   ///< the message that began last is called `label`, and has `length` bytes if known
    End,    ///< the message that began last ends before `seq`
  };
  Kind kind = Kind::Begin;
  MessageRole role = MessageRole::Request;
  bool outgoing = false;     ///< in the stream that we send
  SeqNum seq;                ///< not used by Name
  std::uint64_t length = 0;  ///< bytes; 0: not known
  std::string_view label{};  ///< e.g. "GET / HTTP/1.1"; as the peer sent it; borrowed
};

/// Why an application ends a connection.
enum class CloseCause : std::uint8_t {
  Unknown,
  Idle,           ///< no request came for `after`
  HeaderTimeout,  ///< a request was not finished within `after`
  SendTimeout,    ///< the peer took nothing for `after`
  AskedByPeer,    ///< the request, or its version of HTTP, asked for it
  PeerClosed,     ///< the peer had closed already
  BadRequest,     ///< after a request that cannot be understood nobody knows where the next begins
  Shutdown,       ///< the server is being stopped
  Finished,       ///< the exchange is complete, whichever end says so
  BrokenAnswer,   ///< the rest of the answer cannot be read any more
  SlowReader,     ///< memory is short, and for `after` the peer took less than `rate`
  SlowSender,     ///< memory is short, and for `after` the peer sent less than `rate`
  NoRoom,         ///< memory or places are short, and others need them
};

/// A close with its cause.
struct CloseNote {
  CloseCause cause = CloseCause::Unknown;
  Duration after{};        ///< of the causes that are limits of time
  std::uint32_t rate = 0;  ///< bytes per second; of the causes that are limits of speed
};

}  // namespace glasstcp
