// Buffers that http owns, of many sizes and counted: response heads, pieces read from large files,
// half-received requests. (stack/base/block_pool.h: equal blocks with one owner each.)
//
// Design §4 "Memory": side buffers are taken on first use and returned when quiet; steady state
// allocates nothing; the pool has a budget, and taking beyond it is an empty answer, never an
// exception.
//
// How it is divided: who can wait (pieces of files, streams) takes up to seven eighths of the
// budget, and the more somebody holds the less it may take (PoolShare); one small piece for who
// has none comes out of the next sixteenth; the last one is for heads of answers alone.
//
// Invariants:
//   1. in_use() + idle() <= budget of bytes (headers of buffers not counted).
//   2. A buffer's bytes do not move while it is held.
//   3. The pool outlives its buffers.
//
// Next: response.h.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <new>
#include <utility>

#include "http/shared.h"
#include "stack/base/bytes.h"

namespace glasstcp::http {

class BufferPool;

/// A counted buffer of bytes that goes back to its pool with the last reference.
class alignas(16) Buffer final : public Shared {
 public:
  [[nodiscard]] std::uint8_t* data() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] const std::uint8_t* data() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(this + 1);
  }
  [[nodiscard]] std::size_t capacity() const noexcept;
  [[nodiscard]] std::size_t pooled_bytes() const noexcept override { return capacity(); }

 private:
  friend class BufferPool;
  Buffer(BufferPool& pool, std::uint32_t size_class) noexcept
      : pool_(&pool), size_class_(size_class) {}
  ~Buffer() override = default;
  void destroy() noexcept override;

  BufferPool* pool_;
  Buffer* next_ = nullptr;
  std::uint32_t size_class_;
};
using BufferRef = Ref<Buffer>;

/// Hands out buffers of 256 bytes to 64 KB in powers of two.
class BufferPool {
 public:
  static constexpr std::size_t kSmallest = 256;
  static constexpr std::size_t kLargest = 64u << 10;

  /// `budget`: bytes of all buffers together.
  explicit BufferPool(std::size_t budget) noexcept : budget_(budget) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// A buffer of at least `capacity` bytes; empty when larger than kLargest, over budget, or out of
  /// memory.
  [[nodiscard]] BufferRef take(std::size_t capacity) noexcept;
  /// Bytes that are left for what can wait.
  [[nodiscard]] std::size_t spare() const noexcept {
    const std::size_t limit = budget_ - budget_ / 8;
    return limit > in_use_ ? limit - in_use_ : 0;
  }
  /// Whether `capacity` bytes are left for somebody who can wait and has nothing.
  [[nodiscard]] bool has_room_for_one(std::size_t capacity) const noexcept {
    return in_use_ + capacity <= budget_ - budget_ / 16;
  }
  /// Whether more than three quarters are held: who keeps others waiting is looked for.
  [[nodiscard]] bool is_pressed() const noexcept { return in_use_ > budget_ - budget_ / 4; }
  /// Bytes in buffers that are held, and in buffers that wait to be used again.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
  /// Gets buffers of each size and keeps them, as far as they are an eighth of the budget: a few
  /// answers can then be made even when the system has no memory left. False: it has none now.
  [[nodiscard]] bool reserve() noexcept;
  /// Gives idle buffers back to the system, but not those of reserve().
  void trim() noexcept { give_back(is_reserved_); }

 private:
  friend class Buffer;

  static constexpr std::size_t kClasses = 9;
  static std::size_t size_of(std::size_t size_class) noexcept { return kSmallest << size_class; }
  void put_back(Buffer* buffer) noexcept;
  // How many reserve() keeps: four heads of answers, and one piece of a file.
  static std::size_t kept_of(std::size_t size_class) noexcept {
    return std::clamp<std::size_t>(8192 / size_of(size_class), 1, 4);
  }
  void give_back(bool but_those_of_reserve) noexcept;

  std::size_t budget_;
  std::size_t in_use_ = 0;
  std::size_t idle_ = 0;
  std::array<Buffer*, kClasses> free_{};
  bool is_reserved_ = false;
};

/// What one connection may take of a pool for pieces that can wait.
///
/// The dynamic threshold of switches with shared memory (Choudhury and Hahne, 1998): nobody may
/// hold more than what is left, so that n who take all they can have a share of 1/(n+1) each and
/// leave as much for the next. Nobody needs to count them.
struct PoolShare {
  /// What a piece has at least where little is left; and what who has less than this may have.
  static constexpr std::size_t kSmallPiece = 4096;

  std::size_t held = 0;         ///< bytes that it has already
  std::size_t most = SIZE_MAX;  ///< that it has use for

  /// Bytes of the next piece if `wanted` are wanted; 0: none now.
  [[nodiscard]] std::size_t piece(const BufferPool& pool, std::size_t wanted) const noexcept {
    if (held >= most) return 0;
    const std::size_t spare = pool.spare();
    const std::size_t allowed = spare > held ? spare - held : 0;
    if (allowed >= std::bit_ceil(wanted)) return wanted;
    if (allowed >= kSmallPiece) return std::min(wanted, std::bit_floor(allowed));
    const bool is_new = held < kSmallPiece && pool.has_room_for_one(kSmallPiece);
    return is_new ? std::min(wanted, kSmallPiece) : 0;
  }
};

/// An object that lives in a pool's buffer: a side buffer of a connection. One pointer; empty when
/// default-constructed.
template <typename T>
class Pooled {
 public:
  Pooled() = default;
  Pooled(Pooled&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  Pooled& operator=(Pooled&& other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~Pooled() { reset(); }

  /// Makes a T in a buffer with `extra` bytes behind it; empty when the pool refuses.
  template <typename... Arguments>
  [[nodiscard]] static Pooled make(BufferPool& pool, std::size_t extra,
                                   Arguments&&... arguments) noexcept {
    Pooled made;
    made.buffer_ = pool.take(sizeof(T) + extra).detach();
    if (made.buffer_ != nullptr)
      new (made.buffer_->data()) T(std::forward<Arguments>(arguments)...);
    return made;
  }
  void reset() noexcept {
    Buffer* buffer = std::exchange(buffer_, nullptr);
    if (buffer == nullptr) return;
    object_in(buffer)->~T();
    buffer->release();
  }
  [[nodiscard]] T* get() const noexcept { return object_in(buffer_); }
  T* operator->() const noexcept { return get(); }
  T& operator*() const noexcept { return *get(); }
  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  /// Bytes of the pool that it keeps.
  [[nodiscard]] std::size_t pooled_bytes() const noexcept {
    return buffer_ != nullptr ? buffer_->capacity() : 0;
  }
  /// The bytes behind the object: at least `extra`.
  [[nodiscard]] ByteSpan extra() const noexcept {
    return {buffer_->data() + sizeof(T), buffer_->capacity() - sizeof(T)};
  }

 private:
  static T* object_in(Buffer* buffer) noexcept {
    return std::launder(reinterpret_cast<T*>(buffer->data()));
  }
  Buffer* buffer_ = nullptr;
};

inline std::size_t Buffer::capacity() const noexcept {
  return BufferPool::size_of(size_class_);
}

}  // namespace glasstcp::http
