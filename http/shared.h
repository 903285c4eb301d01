// Objects that are kept alive by a count, and pointers that count: the owners of bytes that are on
// their way out.
//
// Invariants:
//   1. Counts are not atomic: the objects and the stack that sends their bytes belong to one
//   thread.
//
// Next: file_store.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace glasstcp {

/// Something that is kept alive by a count: the owner of bytes that are on their way out.
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void retain() noexcept { ++references_; }
  /// Gives one reference back; the last one destroys the object.
  void release() noexcept {
    if (--references_ == 0) destroy();
  }
  /// Whether nobody holds it but one.
  [[nodiscard]] bool is_held_once() const noexcept { return references_ == 1; }
  /// Bytes of a shared pool that it keeps; 0: its memory is of another kind.
  [[nodiscard]] virtual std::size_t pooled_bytes() const noexcept { return 0; }

 protected:
  virtual ~Shared() = default;
  /// Called once, when the last reference goes. Objects that live in a pool return there instead.
  virtual void destroy() noexcept { delete this; }

 private:
  std::uint32_t references_ = 0;
};

/// A counted pointer to a Shared object; empty when default-constructed.
template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  /// Hands the reference to the caller, who must release() it.
  [[nodiscard]] T* detach() noexcept { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace glasstcp
