// Blocks of memory that http owns: response heads, pieces read from large files, half-received
// requests.
//
// Design §4 "Memory": side blocks are taken on first use and returned when quiet; steady state
// allocates nothing; the pool has a budget, and taking beyond it is an empty answer, never an
// exception.
//
// Invariants:
//   1. in_use() + idle() <= budget of bytes (headers of blocks not counted).
//   2. A block's bytes do not move while it is held.
//   3. The pool outlives its blocks.
//
// Next: response.h.
#pragma once

#include <array>
#include <cstdint>
#include <new>
#include <utility>

#include "http/file_store.h"

namespace glasstcp::http {

class BlockPool;

/// A counted block of bytes that goes back to its pool with the last reference.
class alignas(16) Block final : public Shared {
 public:
  [[nodiscard]] std::uint8_t* data() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] const std::uint8_t* data() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(this + 1);
  }
  [[nodiscard]] std::size_t capacity() const noexcept;

 private:
  friend class BlockPool;
  Block(BlockPool& pool, std::uint32_t size_class) noexcept
      : pool_(&pool), size_class_(size_class) {}
  ~Block() override = default;
  void destroy() noexcept override;

  BlockPool* pool_;
  Block* next_ = nullptr;
  std::uint32_t size_class_;
};
using BlockRef = Ref<Block>;

/// Hands out blocks of 256 bytes to 64 KB in powers of two.
class BlockPool {
 public:
  static constexpr std::size_t kSmallest = 256;
  static constexpr std::size_t kLargest = 64u << 10;

  /// `budget`: bytes of all blocks together.
  explicit BlockPool(std::size_t budget) noexcept : budget_(budget) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block of at least `capacity` bytes; empty when larger than kLargest, over budget, or out of
  /// memory.
  [[nodiscard]] BlockRef take(std::size_t capacity) noexcept;
  /// Whether a block of `capacity` bytes would leave a quarter of the budget free: for what can
  /// wait.
  [[nodiscard]] bool has_spare(std::size_t capacity) const noexcept {
    return in_use_ + capacity <= budget_ - budget_ / 4;
  }
  /// Bytes in blocks that are held, and in blocks that wait to be used again.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
  /// Gives idle blocks back to the system.
  void trim() noexcept;

 private:
  friend class Block;
  static constexpr std::size_t kClasses = 9;
  static std::size_t size_of(std::size_t size_class) noexcept { return kSmallest << size_class; }
  void put_back(Block* block) noexcept;

  std::size_t budget_;
  std::size_t in_use_ = 0;
  std::size_t idle_ = 0;
  std::array<Block*, kClasses> free_{};
};

/// An object that lives in a pool's block: a side block of a connection. One pointer; empty when
/// default-constructed.
template <typename T>
class Pooled {
 public:
  Pooled() = default;
  Pooled(Pooled&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Pooled& operator=(Pooled&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Pooled() { reset(); }

  /// Makes a T in a block with `extra` bytes behind it; empty when the pool refuses.
  template <typename... Arguments>
  [[nodiscard]] static Pooled make(BlockPool& pool, std::size_t extra,
                                   Arguments&&... arguments) noexcept {
    Pooled made;
    made.block_ = pool.take(sizeof(T) + extra).detach();
    if (made.block_ != nullptr) new (made.block_->data()) T(std::forward<Arguments>(arguments)...);
    return made;
  }
  void reset() noexcept {
    Block* block = std::exchange(block_, nullptr);
    if (block == nullptr) return;
    object_in(block)->~T();
    block->release();
  }
  [[nodiscard]] T* get() const noexcept { return object_in(block_); }
  T* operator->() const noexcept { return get(); }
  T& operator*() const noexcept { return *get(); }
  explicit operator bool() const noexcept { return block_ != nullptr; }
  /// The bytes behind the object: at least `extra`.
  [[nodiscard]] ByteSpan extra() const noexcept {
    return {block_->data() + sizeof(T), block_->capacity() - sizeof(T)};
  }

 private:
  static T* object_in(Block* block) noexcept {
    return std::launder(reinterpret_cast<T*>(block->data()));
  }
  Block* block_ = nullptr;
};

inline std::size_t Block::capacity() const noexcept {
  return BlockPool::size_of(size_class_);
}

}  // namespace glasstcp::http
