// Quizzes: which questions a scenario has, that students' answers differ, that a capture tells
// nothing but packets, and that no number makes a student's run again.
#include "stack/lab/quiz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "stack/lab/catalogue.h"
#include "stack/lab/lab.h"
#include "stack/trace/pcapng_reader.h"

namespace glasstcp::lab {
namespace {

constexpr std::size_t kStudents = 60;

class Bytes final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  std::vector<std::uint8_t> bytes;
};

Seed seed_of(std::size_t student) {
  const std::string message = "student " + std::to_string(student);
  constexpr std::string_view kSecret = "a secret of the tests";
  return seed_from_secret(
      ByteView(reinterpret_cast<const std::uint8_t*>(kSecret.data()), kSecret.size()),
      ByteView(reinterpret_cast<const std::uint8_t*>(message.data()), message.size()));
}

QuizPlan plan_of(const CatalogueEntry& entry) {
  auto plan = QuizPlan::of(entry.name, entry.text);
  EXPECT_TRUE(plan.has_value()) << entry.name << ": " << (plan ? "" : plan.error().message);
  return plan.value_or(QuizPlan{});
}

class EachQuiz : public testing::TestWithParam<CatalogueEntry> {};

bool is_same(const QuizItem& a, const QuizItem& b) {
  return is_same_answer(*a.question, a.answer, b.answer);
}

std::size_t shared(const Quiz& a, const Quiz& b) {
  std::size_t same = 0;
  for (const QuizItem& one : a.items) {
    same += static_cast<std::size_t>(std::ranges::any_of(b.items, [&one](const QuizItem& other) {
      return one.question == other.question && is_same(one, other);
    }));
  }
  return same;
}

TEST_P(EachQuiz, NoTwoOfSixtyStudentsShareMoreThanHalfOfTheirAnswers) {
  const QuizPlan plan = plan_of(GetParam());
  std::vector<Quiz> quizzes;
  std::size_t without_story = 0;
  for (std::size_t i = 0; i < kStudents; ++i) {
    auto quiz = make_quiz(plan, seed_of(i), nullptr);
    ASSERT_TRUE(quiz.has_value()) << quiz.error().message;
    EXPECT_GE(quiz->items.size(), 6U);
    without_story += quiz->shows_story ? 0U : 1U;
    quizzes.push_back(std::move(*quiz));
  }
  EXPECT_LE(without_story, kStudents / 10);  // those are run by another seed
  for (std::size_t i = 0; i < kStudents; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t most = std::min(quizzes[i].items.size(), quizzes[j].items.size()) / 2;
      ASSERT_LE(shared(quizzes[i], quizzes[j]), most) << i << " and " << j;
    }
  }
}

// A raw number is each student's own, and at most a fifth of the answers are the same for all, so
// that chance does not bring two students over the half.
TEST_P(EachQuiz, FewAnswersAreTheSameForAll) {
  const QuizPlan plan = plan_of(GetParam());
  std::vector<Quiz> quizzes;
  for (std::size_t i = 0; i < kStudents; ++i) {
    quizzes.push_back(make_quiz(plan, seed_of(i), nullptr).value_or(Quiz{}));
  }
  std::size_t alike = 0;
  for (const QuizItem& item : quizzes.front().items) {
    std::size_t same = 0;
    for (const Quiz& other : quizzes) {
      same += static_cast<std::size_t>(std::ranges::any_of(other.items, [&](const QuizItem& one) {
        return one.question == item.question && is_same(one, item);
      }));
    }
    alike += same == kStudents ? 1U : 0U;
    EXPECT_TRUE(!item.question->is_raw || same == 1) << item.question->key;
  }
  EXPECT_LE(alike * 5, quizzes.front().items.size());
}

// That a frame was lost is asked only where the capture shows it. A SYN that nobody answers, and
// one whose answer is lost, look alike; so does what a timer repeats.
TEST(Quiz, WhatWasLostIsAskedWhereItCanBeSeen) {
  const auto asks = [](std::string_view name) {
    return std::ranges::any_of(plan_of(*scenario_named(name)).questions(),
                               [](const Question* one) { return one->key == "lost"; });
  };
  EXPECT_TRUE(asks("sack-holes"));
  EXPECT_TRUE(asks("three-duplicate-acks"));
  EXPECT_FALSE(asks("lost-syn"));
  EXPECT_FALSE(asks("rto-backoff"));
}

// The client's number is asked for, though an attacker's SYNs come before its own.
TEST(Quiz, TheClientsNumberIsTheClients) {
  const QuizPlan plan = plan_of(*scenario_named("syn-flood"));
  const Quiz quiz = make_quiz(plan, seed_of(1), nullptr).value_or(Quiz{});
  const auto answer_to = [&quiz](std::string_view key) {
    const auto found = std::ranges::find_if(
        quiz.items, [key](const QuizItem& one) { return one.question->key == key; });
    EXPECT_NE(found, quiz.items.end()) << key;
    return found == quiz.items.end() ? 0U : static_cast<std::uint32_t>(found->answer.number);
  };
  const auto ask =
      std::ranges::find(quiz.scenario.chosen, "ask", &std::pair<std::string, std::string>::first);
  ASSERT_NE(ask, quiz.scenario.chosen.end());
  // Its FIN follows its SYN and the bytes that it asks with.
  EXPECT_EQ(answer_to("fin-seq") - answer_to("client-isn"), 1 + std::stoul(ask->second));
}

// That is so because of what happens, too, and not of raw numbers alone: without these two students
// share less than half on average, few pairs share more, and at most half of the questions are such
// that many share their answers.
TEST_P(EachQuiz, NorWithoutTheRawNumbers) {
  const QuizPlan plan = plan_of(GetParam());
  std::vector<Quiz> quizzes;
  for (std::size_t i = 0; i < kStudents; ++i) {
    quizzes.push_back(make_quiz(plan, seed_of(i), nullptr).value_or(Quiz{}));
    std::erase_if(quizzes.back().items, [](const QuizItem& item) { return item.question->is_raw; });
  }
  constexpr std::size_t kPairs = kStudents * (kStudents - 1) / 2;
  std::size_t all = 0, of = 0, over_half = 0;
  for (std::size_t i = 0; i < kStudents; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t now = shared(quizzes[i], quizzes[j]);
      const std::size_t most = std::min(quizzes[i].items.size(), quizzes[j].items.size());
      all += now;
      of += most;
      over_half += now * 2 > most ? 1U : 0U;
    }
  }
  EXPECT_LE(all * 2, of + of / 20);
  EXPECT_LE(over_half * 20, kPairs);
  const auto is_varied = [&](const Question& question) {
    std::vector<const Answer*> answers;
    for (const Quiz& quiz : quizzes) {
      for (const QuizItem& item : quiz.items) {
        if (item.question == &question) answers.push_back(&item.answer);
      }
    }
    std::size_t same = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        same += is_same_answer(question, *answers[i], *answers[j]) ? 1U : 0U;
      }
    }
    return same * 10 <= kPairs;
  };
  std::size_t varied = 0, asked = 0;
  for (const Question* const question : plan.questions()) {
    if (question->is_raw) continue;
    ++asked;
    varied += is_varied(*question) ? 1U : 0U;
  }
  EXPECT_GE(varied * 2, asked);
}

TEST_P(EachQuiz, ItsCaptureHasPacketsAndNothingElse) {
  const QuizPlan plan = plan_of(GetParam());
  Bytes capture;
  const auto quiz = make_quiz(plan, seed_of(3), &capture);
  ASSERT_TRUE(quiz.has_value());
  CaptureReader reader{ByteView(capture.bytes)};
  std::size_t frames = 0, expected = capture.bytes.size();
  while (const auto packet = reader.next()) {
    ++frames;
    EXPECT_TRUE(packet->comments().empty());
    EXPECT_EQ(packet->interface, 0U);
    // An enhanced packet block with its flags alone: 32 bytes and the padded packet, 8 for
    // epb_flags, 4 for the end of the options.
    expected -= 32 + (packet->data.size() + 3) / 4 * 4 + 12;
  }
  EXPECT_GT(frames, 2U);
  EXPECT_FALSE(reader.error().has_value());
  EXPECT_TRUE(reader.section_comment().empty());
  EXPECT_TRUE(reader.application().empty());
  ASSERT_EQ(reader.interfaces().size(), 1U);
  EXPECT_EQ(reader.interfaces()[0].name, "tun0");
  // What is left is the section header and one interface: no room for a comment.
  EXPECT_LE(expected, 28U + 48U);
  const std::string bytes(capture.bytes.begin(), capture.bytes.end());
  for (const std::string_view word :
       {std::string_view("glasstcp"), std::string_view("seed"), GetParam().name}) {
    EXPECT_EQ(bytes.find(word), std::string::npos) << word;
  }
}

TEST_P(EachQuiz, TheSameSeedGivesTheSameQuiz) {
  const QuizPlan plan = plan_of(GetParam());
  Bytes first, second;
  const Quiz a = make_quiz(plan, seed_of(7), &first).value_or(Quiz{});
  const Quiz b = make_quiz(plan, seed_of(7), &second).value_or(Quiz{});
  EXPECT_EQ(first.bytes, second.bytes);
  ASSERT_EQ(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    EXPECT_EQ(a.items[i].answer, b.items[i].answer);
    EXPECT_EQ(a.items[i].order, b.items[i].order);
  }
}

// Neither what a small number chooses nor its sequence numbers are those of a student's run.
TEST_P(EachQuiz, NoNumberGivesAStudentsRun) {
  constexpr std::uint64_t kNumbers = 300;
  std::set<Seed, decltype([](const Seed& a, const Seed& b) { return a.bytes < b.bytes; })> quizzes;
  for (std::size_t i = 0; i < kStudents; ++i) {
    for (const std::string_view end : {"client", "server"}) {
      quizzes.insert(derive_seed(seed_of(i), end));
    }
    quizzes.insert(seed_of(i));
  }
  for (std::uint64_t number = 0; number < kNumbers; ++number) {
    const auto scenario = read_scenario(GetParam().text, {.name = GetParam().name, .seed = number});
    ASSERT_TRUE(scenario.has_value());
    EXPECT_FALSE(quizzes.contains(scenario->chance));
    for (const StackConfig& config : scenario->configs) EXPECT_FALSE(quizzes.contains(config.seed));
  }
}

std::string name_of_test(const testing::TestParamInfo<CatalogueEntry>& info) {
  std::string name(info.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Lab, EachQuiz, testing::ValuesIn(catalogue().begin(), catalogue().end()),
                         name_of_test);

TEST(QuizQuestions, AreAskedInBothLanguages) {
  std::set<std::string_view> keys;
  for (const Question& question : all_questions()) {
    EXPECT_TRUE(keys.insert(question.key).second) << question.key;
    EXPECT_FALSE(question.text.english.empty());
    EXPECT_FALSE(question.text.chinese.empty());
    EXPECT_EQ(question.options.empty(), question.form != AnswerForm::Choice);
  }
}

TEST(Quiz, ItsStoryDoesNotTellWhatWasChosen) {
  const auto plan = QuizPlan::of("nagle", scenario_named("nagle")->text);
  const Quiz quiz = make_quiz(plan.value_or(QuizPlan{}), seed_of(1), nullptr).value_or(Quiz{});
  EXPECT_THAT(std::string(quiz.free_text(0, Language::English)),
              testing::HasSubstr("writes ? times ? bytes"));
}

TEST(Quiz, TheSecretDecides) {
  const std::vector<std::uint8_t> one(32, 1), other(32, 2), message = {'a'};
  EXPECT_EQ(seed_from_secret(one, message), seed_from_secret(one, message));
  EXPECT_NE(seed_from_secret(one, message), seed_from_secret(other, message));
  EXPECT_NE(derive_seed(seed_from_secret(one, message), "client"),
            derive_seed(seed_from_secret(one, message), "server"));
}

}  // namespace
}  // namespace glasstcp::lab
