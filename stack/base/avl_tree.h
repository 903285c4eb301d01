// A balanced search tree over objects of a slab, for those whose list has grown too long to be
// walked.
//
// Adelson-Velsky and Landis 1962: the two subtrees of each node differ in height by one at most, so
// a tree of n nodes is at most 1.44 log2(n + 2) high, whatever the order in which they came. Links
// are slab indices in the objects themselves: nothing is allocated.
//
// Invariants:
//   1. An in-order walk meets the objects by ascending key, equal ones by index; keys may change
//   while they stay so.
//   2. |height(left) - height(right)| <= 1 in each node.
//
// Leaves out: a walk in order (the objects have a list of their own).
// Next: block_pool.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/assert.h"
#include "stack/base/slab.h"

namespace glasstcp {

/// A tree of T, which has members `begin` (the key), `end`, and for the tree's use alone `left`,
/// `right` and `height`.
template <typename T>
class AvlTree {
 public:
  using Pool = Slab<T>;

  AvlTree() = default;
  /// The tree of which only the root was kept.
  explicit AvlTree(std::uint32_t root) : root_(root) {}
  [[nodiscard]] std::uint32_t root() const { return root_; }
  [[nodiscard]] bool empty() const { return root_ == kNone; }
  /// Forgets all; the objects are not touched.
  void clear() { root_ = kNone; }

  /// Puts the object at `index` in. O(log n).
  void insert(Pool& pool, std::uint32_t index) {
    Path path;
    std::uint32_t at = root_;
    while (at != kNone) {
      path.push(at);
      at = precedes(pool, index, at) ? pool[at].left : pool[at].right;
    }
    T& object = pool[index];
    object.left = object.right = kNone;
    object.height = 1;
    if (path.empty()) {
      root_ = index;
    } else {
      T& parent = pool[path.last()];
      (precedes(pool, index, path.last()) ? parent.left : parent.right) = index;
    }
    rebalance(pool, path);
  }

  /// Takes the object at `index` out, before its key or the slab's slot changes. O(log n).
  void erase(Pool& pool, std::uint32_t index) {
    Path path;
    for (std::uint32_t at = root_; at != index;) {
      STACK_ASSERT(at != kNone);
      path.push(at);
      at = precedes(pool, index, at) ? pool[at].left : pool[at].right;
    }
    const T& object = pool[index];
    if (object.left == kNone || object.right == kNone) {
      replace(pool, path, path.size(), index, object.left == kNone ? object.right : object.left);
    } else {
      replace_by_next(pool, path, index);
    }
    rebalance(pool, path);
  }

  /// The first object whose `end` lies behind `key`; kNone if there is none. Adds the nodes that it
  /// looked at to `steps`.
  template <typename Key>
  [[nodiscard]] std::uint32_t first_behind(const Pool& pool, Key key, std::uint32_t& steps) const {
    std::uint32_t found = kNone;
    for (std::uint32_t at = root_; at != kNone; ++steps) {
      const bool is_behind = pool[at].end > key;
      if (is_behind) found = at;
      at = is_behind ? pool[at].left : pool[at].right;
    }
    return found;
  }

  /// The object with the greatest key; kNone if there is none.
  [[nodiscard]] std::uint32_t last(const Pool& pool) const {
    std::uint32_t at = root_;
    while (at != kNone && pool[at].right != kNone) at = pool[at].right;
    return at;
  }
  /// The object before the one at `index`, which is in the tree; kNone if it is the first.
  [[nodiscard]] std::uint32_t before(const Pool& pool, std::uint32_t index) const {
    std::uint32_t found = kNone;
    for (std::uint32_t at = root_; at != kNone;) {
      const bool is_before = precedes(pool, at, index);
      if (is_before) found = at;
      at = is_before ? pool[at].right : pool[at].left;
    }
    return found;
  }

  /// Asserts the invariants; how many objects it holds.
  std::uint32_t check(const Pool& pool) const { return check_below(pool, root_); }

 private:
  // From the root down. 1.44 log2(2^31) < 46.
  class Path {
   public:
    void push(std::uint32_t index) { at_[size_++] = index; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::uint32_t last() const { return at_[size_ - 1]; }
    std::uint32_t& operator[](std::size_t i) { return at_[i]; }

   private:
    std::array<std::uint32_t, 46> at_;
    std::size_t size_ = 0;
  };

  static bool precedes(const Pool& pool, std::uint32_t a, std::uint32_t b) {
    if (pool[a].begin < pool[b].begin) return true;
    return a < b && !(pool[b].begin < pool[a].begin);
  }
  static std::uint8_t height(const Pool& pool, std::uint32_t index) {
    return index == kNone ? 0 : pool[index].height;
  }
  static void measure(Pool& pool, std::uint32_t index) {
    T& object = pool[index];
    const std::uint8_t left = height(pool, object.left);
    const std::uint8_t right = height(pool, object.right);
    object.height = static_cast<std::uint8_t>((left > right ? left : right) + 1);
  }

  // What hangs at place `depth` of the path is `now` instead of `before`.
  void replace(Pool& pool, Path& path, std::size_t depth, std::uint32_t before, std::uint32_t now) {
    if (depth == 0) {
      root_ = now;
      return;
    }
    T& parent = pool[path[depth - 1]];
    (parent.left == before ? parent.left : parent.right) = now;
  }

  // An object with two children gives its place to the next one by key, which has no left child.
  void replace_by_next(Pool& pool, Path& path, std::uint32_t index) {
    T& object = pool[index];
    const std::size_t depth = path.size();
    path.push(index);
    std::uint32_t next = object.right;
    while (pool[next].left != kNone) {
      path.push(next);
      next = pool[next].left;
    }
    if (path.last() == index) {
      object.right = pool[next].right;
    } else {
      pool[path.last()].left = pool[next].right;
    }
    pool[next].left = object.left;
    pool[next].right = object.right;
    pool[next].height = object.height;
    path[depth] = next;
    replace(pool, path, depth, index, next);
  }

  void rebalance(Pool& pool, Path& path) {
    for (std::size_t depth = path.size(); depth-- > 0;) {
      const std::uint32_t index = path[depth];
      const std::uint8_t before = pool[index].height;
      const std::uint32_t top = balanced(pool, index);
      if (top != index) replace(pool, path, depth, index, top);
      if (top == index && pool[index].height == before) return;
    }
  }

  // The root of the subtree of `index`, after at most two rotations.
  static std::uint32_t balanced(Pool& pool, std::uint32_t index) {
    measure(pool, index);
    T& object = pool[index];
    const int left = height(pool, object.left);
    const int right = height(pool, object.right);
    if (left > right + 1) {
      const T& child = pool[object.left];
      if (height(pool, child.left) < height(pool, child.right))
        object.left = rotate_left(pool, object.left);
      return rotate_right(pool, index);
    }
    if (right > left + 1) {
      const T& child = pool[object.right];
      if (height(pool, child.right) < height(pool, child.left))
        object.right = rotate_right(pool, object.right);
      return rotate_left(pool, index);
    }
    return index;
  }
  static std::uint32_t rotate_left(Pool& pool, std::uint32_t index) {
    const std::uint32_t top = pool[index].right;
    pool[index].right = pool[top].left;
    pool[top].left = index;
    measure(pool, index);
    measure(pool, top);
    return top;
  }
  static std::uint32_t rotate_right(Pool& pool, std::uint32_t index) {
    const std::uint32_t top = pool[index].left;
    pool[index].left = pool[top].right;
    pool[top].right = index;
    measure(pool, index);
    measure(pool, top);
    return top;
  }

  static std::uint32_t check_below(const Pool& pool, std::uint32_t index) {
    if (index == kNone) return 0;
    const T& object = pool[index];
    const int left = height(pool, object.left);
    const int right = height(pool, object.right);
    STACK_ASSERT(left - right <= 1 && right - left <= 1);
    STACK_ASSERT(object.height == (left > right ? left : right) + 1);
    STACK_ASSERT(object.left == kNone || precedes(pool, object.left, index));
    STACK_ASSERT(object.right == kNone || precedes(pool, index, object.right));
    return 1 + check_below(pool, object.left) + check_below(pool, object.right);
  }

  std::uint32_t root_ = kNone;
};

}  // namespace glasstcp
