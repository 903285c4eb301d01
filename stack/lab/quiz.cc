// See quiz.h.
#include "stack/lab/quiz.h"

#include <algorithm>
#include <array>

#include "stack/base/random.h"
#include "stack/lab/check.h"
#include "stack/lab/lab.h"

namespace glasstcp::lab {
namespace {

constexpr std::size_t kTrials = 16;  // runs from which the questions follow
constexpr std::size_t kPairs = kTrials * (kTrials - 1) / 2;
constexpr std::size_t kMostOfAKind = 5;

struct Run {
  Scenario scenario;
  bool shows_story = true;
};

// A run with what both ends saw.
std::expected<Run, ReadError> observe(const QuizPlan& plan, const Seed& seed,
                                      std::optional<Evidence>& evidence, BlockSink* capture) {
  auto scenario = read_scenario(plan.text(), {.name = plan.name(), .quiz = seed});
  if (!scenario) return std::unexpected(scenario.error());
  evidence.emplace(scenario->view, capture);
  Evidence far(other(scenario->view), nullptr);
  LabOptions options;
  options.sinks[index_of(scenario->view)] = &*evidence;
  options.sinks[index_of(other(scenario->view))] = &far;
  bool shows_story = true;
  {
    Lab lab(*scenario, options);
    lab.run();
    shows_story = unmet_expectations(*scenario, lab.journal().lines()).empty();
  }
  const Frame* const reset = far.first([](const Frame& f) {
    return f.outgoing && f.summary.is_tcp() && f.has(PacketSummary::kRst);
  });
  if (reset != nullptr) evidence->set_far_reset(reset->reason);
  return Run{std::move(*scenario), shows_story};
}

std::vector<std::size_t> shuffled(std::size_t size, const Seed& seed, std::string_view key) {
  std::vector<std::size_t> order(size);
  for (std::size_t i = 0; i < size; ++i) order[i] = i;
  SeededRandom random(seed, "quiz options " + std::string(key));
  for (std::size_t i = size; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(random.below(i))]);
  }
  return order;
}

// A question that every trial answers.
struct Candidate {
  const Question* question;
  std::size_t alike;  // pairs of trials that share its answer

  [[nodiscard]] bool varies() const { return alike < kPairs; }
  [[nodiscard]] bool varies_much() const { return alike * 5 <= kPairs; }
};

std::vector<Candidate> candidates(const std::vector<std::optional<Evidence>>& trials) {
  std::vector<Candidate> all;
  for (const Question& question : all_questions()) {
    std::vector<Answer> answers;
    for (const auto& trial : trials) {
      if (auto answer = question.answer(*trial)) answers.push_back(std::move(*answer));
    }
    if (answers.size() != trials.size()) continue;
    Candidate one{&question, 0};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        one.alike += is_same_answer(question, answers[i], answers[j]) ? 1U : 0U;
      }
    }
    if (question.is_raw && one.alike > 0) continue;  // "from $port" may have been set
    all.push_back(one);
  }
  return all;
}

}  // namespace

bool is_same_answer(const Question& question, const Answer& a, const Answer& b) {
  const auto [low, high] = std::minmax(a.number, b.number);
  return high - low <= question.tolerance && a.frames == b.frames && a.choice == b.choice;
}

char QuizItem::letter() const {
  const auto at = std::ranges::find(order, answer.choice);
  return static_cast<char>('a' + (at - order.begin()));
}

std::expected<QuizPlan, ReadError> QuizPlan::of(std::string_view name, std::string_view text) {
  QuizPlan plan;
  plan.name_ = name;
  plan.text_ = text;
  std::vector<std::optional<Evidence>> trials(kTrials);
  for (std::size_t i = 0; i < kTrials; ++i) {
    const std::array<std::uint8_t, 1> number = {static_cast<std::uint8_t>(i)};
    const Seed seed = seed_from_secret({}, number);
    if (auto run = observe(plan, seed, trials[i], nullptr); !run) {
      return std::unexpected(run.error());
    }
  }
  std::vector<const Question*> raw, others;
  const std::vector<Candidate> all = candidates(trials);
  for (const Candidate& one : all) {
    if (one.question->is_raw && raw.size() < kMostOfAKind) raw.push_back(one.question);
  }
  const auto take_if = [&](auto wanted) {
    for (const Candidate& one : all) {
      const bool is_taken = std::ranges::find(others, one.question) != others.end();
      const bool is_free = !one.question->is_raw && !is_taken && others.size() < raw.size();
      if (is_free && wanted(one)) others.push_back(one.question);
    }
  };
  // One choice, that which varies most, then what varies, in the order of the table.
  const auto is_choice = [](const Candidate& one) {
    return one.question->form == AnswerForm::Choice;
  };
  std::size_t least = kPairs;
  for (const Candidate& one : all) {
    if (is_choice(one)) least = std::min(least, one.alike);
  }
  take_if(
      [&](const Candidate& one) { return others.empty() && is_choice(one) && one.alike == least; });
  take_if([](const Candidate& one) { return one.varies_much(); });
  take_if([](const Candidate& one) { return one.varies(); });
  take_if([](const Candidate&) { return true; });
  if (others.empty()) return std::unexpected(ReadError{0, "nothing can be asked about it"});
  // In the order of the table, which is the same for all.
  for (const Question& question : all_questions()) {
    const auto is_it = [&question](const Question* one) { return one == &question; };
    if (std::ranges::any_of(raw, is_it) || std::ranges::any_of(others, is_it)) {
      plan.questions_.push_back(&question);
    }
  }
  return plan;
}

std::string_view Quiz::free_text(std::size_t which, Language language) const {
  const Story& story = scenario.story(language);
  return which == 0 ? story.question : story.predict;
}

std::expected<Quiz, ReadError> make_quiz(const QuizPlan& plan, const Seed& seed,
                                         BlockSink* capture) {
  std::optional<Evidence> evidence;
  auto run = observe(plan, seed, evidence, capture);
  if (!run) return std::unexpected(run.error());
  Quiz quiz;
  std::size_t number = 0;
  for (const Question* const question : plan.questions()) {
    ++number;
    auto answer = question->answer(*evidence);
    if (!answer) continue;
    QuizItem item{number, question, std::move(*answer), {}};
    if (question->form == AnswerForm::Choice) {
      item.order = shuffled(question->options.size(), seed, question->key);
    }
    quiz.items.push_back(std::move(item));
  }
  quiz.first_free = number + 1;
  quiz.scenario = std::move(run->scenario);
  quiz.shows_story = run->shows_story;
  return quiz;
}

}  // namespace glasstcp::lab
