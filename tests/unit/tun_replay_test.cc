// Captures of the lab that are run again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/lab/catalogue.h"
#include "stack/trace/pcapng.h"
#include "tun/lab/lab_command.h"
#include "tun/lab/replay.h"

namespace glasstcp {
namespace {

using testing::HasSubstr;

struct Wish {
  std::uint64_t seed = 0;
  std::vector<lab::Override> overrides{};
  std::vector<std::string> edits{};
  lab::Side end = lab::Side::Client;
  Language language = Language::English;
};

std::vector<std::uint8_t> capture_of(const lab::CatalogueEntry& entry, const Wish& wish) {
  const auto scenario = lab::read_scenario(
      entry.text,
      {.name = entry.name, .seed = wish.seed, .overrides = wish.overrides, .edits = wish.edits});
  if (!scenario) {
    ADD_FAILURE() << scenario.error().message;
    return {};
  }
  GatheredBlocks blocks;
  lab::LabOptions options;
  const std::string application = lab_application();
  options.application = application;
  options.language = wish.language;
  options.captures[lab::index_of(wish.end)] = &blocks;
  {
    lab::Lab run(*scenario, options);
    run.run();
  }
  return {blocks.bytes().begin(), blocks.bytes().end()};
}

std::string built_in(const std::string& name) {
  const lab::CatalogueEntry* const entry = lab::scenario_named(name);
  return entry == nullptr ? std::string() : std::string(entry->text);
}

std::string error_of(const std::vector<std::uint8_t>& file) {
  const auto found = replay("x.pcapng", ByteView(file), built_in);
  return found ? "none" : found.error();
}

TEST(LabReplay, IsTheSameByteForByteForEveryScenario) {
  for (const lab::CatalogueEntry& entry : lab::catalogue()) {
    for (const Wish& wish :
         {Wish{.seed = 2},
          Wish{.seed = 7, .end = lab::Side::Server, .language = Language::Chinese}}) {
      const auto found = replay("x", ByteView(capture_of(entry, wish)), built_in);
      ASSERT_TRUE(found.has_value()) << entry.name << ": " << found.error();
      EXPECT_TRUE(found->same_bytes) << entry.name;
      EXPECT_EQ(found->difference, "") << entry.name;
      EXPECT_GT(found->frames, 2U);
    }
  }
}

TEST(LabReplay, TakesWhatWasSet) {
  const lab::CatalogueEntry& entry = *lab::scenario_named("lost-syn");
  const auto file =
      capture_of(entry, {.seed = 3, .overrides = {{"delay", "50ms"}, {"client.sack", "off"}}});
  const auto found = replay("x", ByteView(file), built_in);
  ASSERT_TRUE(found.has_value()) << found.error();
  EXPECT_TRUE(found->same_bytes);
  EXPECT_EQ(found->command,
            "glasstcp lab lost-syn --seed 3 --set delay=50ms --set client.sack=off --end client "
            "--lang en");
}

// What the lab page does by a click.
TEST(LabReplay, TakesWhatWasDoneToPackets) {
  const lab::CatalogueEntry& entry = *lab::scenario_named("handshake");
  const auto file =
      capture_of(entry, {.seed = 1,
                         .edits = {"lose server packet 1", "delay client packet 2 by 12.5ms",
                                   "duplicate server packet 2 after 3ms"}});
  const auto found = replay("x", ByteView(file), built_in);
  ASSERT_TRUE(found.has_value()) << found.error();
  EXPECT_TRUE(found->same_bytes);
  EXPECT_EQ(found->command,
            "glasstcp lab handshake --seed 1 --edit 'lose server packet 1' --edit 'delay client "
            "packet 2 by 12.5ms' --edit 'duplicate server packet 2 after 3ms' --end client --lang "
            "en");
  EXPECT_NE(file, capture_of(entry, {.seed = 1}));
}

TEST(LabReplay, NamesTheFirstFrameThatDiffers) {
  const auto file = capture_of(*lab::scenario_named("lost-syn"), {});
  const auto changed = [&file](std::size_t at) {
    auto bytes = file;
    bytes[at] ^= 1U;
    return replay("x", ByteView(bytes), built_in).value_or(Replay{}).difference;
  };
  // Where the second packet block begins, with its timestamp at 12 and its packet at 28.
  std::size_t at = 0, packets = 0;
  while (packets < 2) {
    const std::uint32_t type = file[at] | static_cast<std::uint32_t>(file[at + 3]) << 24;
    if (type == 6 && ++packets == 2) break;
    at += file[at + 4] | static_cast<std::size_t>(file[at + 5]) << 8;
  }
  EXPECT_EQ(changed(at + 28 + 9), "frame 2 differs: byte 10 of the packet");
  EXPECT_EQ(changed(at + 16), "frame 2 differs: its time");
  auto shorter = file;
  shorter.resize(at);
  EXPECT_EQ(replay("x", ByteView(shorter), built_in).value_or(Replay{}).difference,
            "it ends after frame 1, and the run goes on");
}

TEST(LabReplay, WhatTheLabDidNotWriteIsToldSo) {
  EXPECT_THAT(error_of({}), HasSubstr("is no capture"));
  EXPECT_THAT(error_of({1, 2, 3, 4}), HasSubstr("is no capture"));
  for (const std::string_view comment :
       {"", "seed 5", "glasstcp lab", "glasstcp lab --seed", "glasstcp lab x --seed y --end client",
        "glasstcp lab nagle --seed 1 --end nowhere", "glasstcp lab nagle --seed 1 --end",
        "glasstcp lab nagle --seed 1 --rm x=y"}) {
    GatheredBlocks blocks;
    PcapngEncoder encoder(blocks);
    encoder.begin_section("tcpdump", std::span(&comment, 1));
    encoder.add_interface("eth0", {});
    EXPECT_THAT(error_of({blocks.bytes().begin(), blocks.bytes().end()}),
                HasSubstr("was not written by 'glasstcp lab'"))
        << comment;
  }
}

TEST(LabReplay, AScenarioOfOnesOwnIsInTheCapture) {
  const std::string text(lab::scenario_named("nagle")->text);
  const lab::CatalogueEntry own{"mine", text};
  // A name that is built in, with another text.
  const std::string other = "# mine\n" + text;
  const lab::CatalogueEntry changed{"lost-syn", other};
  for (const lab::CatalogueEntry& entry : {own, changed}) {
    const auto file = capture_of(entry, {.seed = 4, .edits = {"lose client data 1"}});
    const auto found = replay("x", ByteView(file), built_in);
    ASSERT_TRUE(found.has_value()) << found.error();
    EXPECT_TRUE(found->same_bytes);
    EXPECT_THAT(found->command, testing::EndsWith("--end client --lang en"));
  }
}

TEST(LabReplay, AsksForATextThatIsTooLongForACapture) {
  const std::string text =
      "#" + std::string(70'000, 'x') + "\n" + std::string(lab::scenario_named("nagle")->text);
  const auto file = capture_of({"mine", text}, {});
  EXPECT_THAT(error_of(file),
              HasSubstr("was made from the scenario 'mine', which is not built in"));
  const auto found = replay("x", ByteView(file), built_in, text);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->same_bytes);
}

}  // namespace
}  // namespace glasstcp
