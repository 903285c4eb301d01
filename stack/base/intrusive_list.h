// Doubly linked lists through a hook that the element inherits: no allocation, O(1) removal from
// the middle.
//
// An element that can stand on two lists inherits two hooks with different tags:
//   struct ReadyTag;
//   struct Connection : ListHook<ReadyTag> { ... };     IntrusiveList<Connection, ReadyTag> ready;
//
// Invariants:
//   1. A hook is on at most one list; it knows its neighbours and no more, so it can leave without
//   naming the list.
//   2. A hook that dies leaves its list first.
//
// Leaves out: size(), which would cost a counter that unlink() cannot reach.
// Next: timing_wheel.h.
#pragma once

#include <cstddef>
#include <iterator>

#include "stack/base/assert.h"

namespace glasstcp {

struct DefaultListTag;

template <typename T, typename Tag>
class IntrusiveList;

/// What an element inherits to be able to stand on an IntrusiveList with the same tag. 16 bytes.
template <typename Tag = DefaultListTag>
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  /// Whether it stands on a list.
  [[nodiscard]] bool is_linked() const { return next_ != nullptr; }

  /// Leaves its list, if it stands on one. O(1).
  void unlink() {
    if (!is_linked()) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <typename T, typename ListTag>
  friend class IntrusiveList;

  void link_before(ListHook& place) {
    STACK_ASSERT(!is_linked());
    prev_ = place.prev_;
    next_ = &place;
    prev_->next_ = this;
    place.prev_ = this;
  }

  ListHook* prev_ = nullptr;
  ListHook* next_ = nullptr;
};

/// A list of T, which inherits ListHook<Tag>. Owns nothing; elements still on it when it dies are
/// unlinked.
template <typename T, typename Tag = DefaultListTag>
class IntrusiveList {
 public:
  using Hook = ListHook<Tag>;

  IntrusiveList() { ends_.prev_ = ends_.next_ = &ends_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (pop_front() != nullptr) {
    }
  }

  [[nodiscard]] bool empty() const { return ends_.next_ == &ends_; }
  /// The first element, or nullptr.
  [[nodiscard]] T* front() const { return element(ends_.next_); }
  /// The last element, or nullptr.
  [[nodiscard]] T* back() const { return element(ends_.prev_); }
  /// The element after `x`, or nullptr.
  [[nodiscard]] T* next(const T& x) const { return element(hook(x).next_); }
  /// The element before `x`, or nullptr.
  [[nodiscard]] T* previous(const T& x) const { return element(hook(x).prev_); }

  /// `x` must not stand on a list with this tag (asserted), here and below.
  void push_back(T& x) { hook(x).link_before(ends_); }
  void push_front(T& x) { hook(x).link_before(*ends_.next_); }
  void insert_before(T& place, T& x) { hook(x).link_before(hook(place)); }
  void insert_after(T& place, T& x) { hook(x).link_before(*hook(place).next_); }

  /// Takes the first element off and returns it; nullptr when there is none.
  T* pop_front() {
    T* first = front();
    if (first != nullptr) hook(*first).unlink();
    return first;
  }
  /// Takes `x` off this list.
  static void remove(T& x) { hook(x).unlink(); }

  /// Moves all elements of `other` to the end of this list, in order. O(1).
  void append(IntrusiveList& other) {
    if (other.empty()) return;
    Hook* first = other.ends_.next_;
    Hook* last = other.ends_.prev_;
    other.ends_.prev_ = other.ends_.next_ = &other.ends_;
    first->prev_ = ends_.prev_;
    last->next_ = &ends_;
    ends_.prev_->next_ = first;
    ends_.prev_ = last;
  }

  /// Forward iteration. The element that an iterator stands on must stay on the list until it moves
  /// on. (The list owns nothing, so a const one gives elements that may be changed.)
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = T*;
    using reference = T&;

    Iterator() = default;
    T& operator*() const { return static_cast<T&>(*at_); }
    T* operator->() const { return &**this; }
    Iterator& operator++() {
      at_ = at_->next_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    friend class IntrusiveList;
    explicit Iterator(Hook* at) : at_(at) {}
    Hook* at_ = nullptr;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(ends_.next_); }
  [[nodiscard]] Iterator end() const { return Iterator(&ends_); }

 private:
  static Hook& hook(T& x) { return x; }
  static const Hook& hook(const T& x) { return x; }
  T* element(Hook* at) const { return at == &ends_ ? nullptr : static_cast<T*>(at); }

  mutable Hook ends_;  // before the first and after the last
};

}  // namespace glasstcp
