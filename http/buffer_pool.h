// Buffers that http owns, of many sizes and counted: response heads, pieces read from large files,
// half-received requests. (stack/base/block_pool.h: equal blocks with one owner each.)
//
// Design §4 "Memory": side buffers are taken on first use and returned when quiet; steady state
// allocates nothing; the pool has a budget, and taking beyond it is an empty answer, never an
// exception.
//
// Invariants:
//   1. in_use() + idle() <= budget of bytes (headers of buffers not counted).
//   2. A buffer's bytes do not move while it is held.
//   3. The pool outlives its buffers.
//
// Next: response.h.
#pragma once

#include <array>
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
  /// Whether a buffer of `capacity` bytes would leave a quarter of the budget free: for what can
  /// wait.
  [[nodiscard]] bool has_spare(std::size_t capacity) const noexcept {
    return in_use_ + capacity <= budget_ - budget_ / 4;
  }
  /// Bytes in buffers that are held, and in buffers that wait to be used again.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
  /// Gives idle buffers back to the system.
  void trim() noexcept;

 private:
  friend class Buffer;
  static constexpr std::size_t kClasses = 9;
  static std::size_t size_of(std::size_t size_class) noexcept { return kSmallest << size_class; }
  void put_back(Buffer* buffer) noexcept;

  std::size_t budget_;
  std::size_t in_use_ = 0;
  std::size_t idle_ = 0;
  std::array<Buffer*, kClasses> free_{};
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
