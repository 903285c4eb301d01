// SipHash-2-4 and BLAKE2b of our own beside what was published and beside libsodium's.
#include <gtest/gtest.h>
#include <sodium/crypto_generichash.h>
#include <sodium/crypto_shorthash.h>

#include <array>
#include <string>
#include <vector>

#include "stack/base/blake2b.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/random.h"
#include "stack/base/siphash.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp {
namespace {

using test::Bytes;

Bytes random_bytes(SeededRandom& random, std::size_t length) {
  Bytes bytes(length);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

Key128 random_key(SeededRandom& random) {
  Key128 key;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random.next());
  return key;
}

Bytes digest(std::size_t length, ByteView key, ByteView message) {
  Bytes out(length);
  blake2b(out, key, message);
  return out;
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST(SipHash, GivesTheExampleOfItsPaper) {
  Key128 key;
  Bytes message(15);
  for (std::uint8_t i = 0; i < 16; ++i) key[i] = i;
  for (std::uint8_t i = 0; i < 15; ++i) message[i] = i;
  EXPECT_EQ(siphash_2_4(message, key), 0xa129ca6149be45e5U);
}

TEST(SipHash, IsLibsodiumsForEveryLength) {
  SeededRandom random(1);
  for (std::size_t length = 0; length < 300; ++length) {
    for (int i = 0; i < 20; ++i) {
      const Key128 key = random_key(random);
      const Bytes message = random_bytes(random, length);
      std::array<std::uint8_t, crypto_shorthash_BYTES> theirs;
      crypto_shorthash(theirs.data(), message.data(), message.size(), key.data());
      const std::uint64_t ours = siphash_2_4(message, key);
      for (std::size_t b = 0; b < theirs.size(); ++b) {
        ASSERT_EQ(static_cast<std::uint8_t>(ours >> 8 * b), theirs[b]) << length;
      }
    }
  }
}

TEST(Blake2b, GivesTheExampleOfTheRfc) {
  const std::string abc = "abc";
  const ByteView message(reinterpret_cast<const std::uint8_t*>(abc.data()), abc.size());
  EXPECT_EQ(hex(digest(64, {}, message)),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

// RFC 7693 Appendix E: a digest over many digests, keyed and not, of made up bytes.
TEST(Blake2b, PassesTheSelfTestOfTheRfc) {
  const auto sequence = [](std::size_t length) {
    Bytes bytes(length);
    auto a = static_cast<std::uint32_t>(0xdead4badU * length);
    std::uint32_t b = 1;
    for (std::uint8_t& byte : bytes) {
      const std::uint32_t sum = a + b;
      a = b;
      b = sum;
      byte = static_cast<std::uint8_t>(sum >> 24);
    }
    return bytes;
  };
  Bytes all;
  const auto take = [&all](const Bytes& bytes) {
    all.insert(all.end(), bytes.begin(), bytes.end());
  };
  for (const std::size_t out : {20U, 32U, 48U, 64U}) {
    for (const std::size_t in : {0U, 3U, 128U, 129U, 255U, 1024U}) {
      take(digest(out, {}, sequence(in)));
      take(digest(out, sequence(out), sequence(in)));
    }
  }
  EXPECT_EQ(hex(digest(32, {}, all)),
            "c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475");
}

TEST(Blake2b, IsLibsodiumsForEveryLength) {
  SeededRandom random(2);
  for (std::size_t length = 0; length < 520; ++length) {
    for (const std::size_t key_length : {0U, 16U, 32U, 64U}) {
      const Bytes key = random_bytes(random, key_length);
      const Bytes message = random_bytes(random, length);
      Bytes theirs(16 + length % 49);
      ASSERT_EQ(crypto_generichash(theirs.data(), theirs.size(), message.data(), message.size(),
                                   key.data(), key.size()),
                0);
      ASSERT_EQ(digest(theirs.size(), key, message), theirs) << length;
    }
  }
}

}  // namespace
}  // namespace glasstcp
