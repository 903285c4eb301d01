// The lab for a page: what a WebAssembly module exports. The page hands over text, lets a run go on
// for some steps, and reads JSON; it may copy the whole memory and put it back later (a
// checkpoint), since all that is known lies in there.
//
// A request is a row of texts with a zero byte behind each: name, seed, language ("en", "zh"), the
// scenario's text, then keys and values that take the place of the text's own; the key "--edit" has
// a line that loses, delays or duplicates a packet.
//
// Next: ../../../stack/lab/lab.h.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <vector>

#include "http/web/engine/record.h"
#include "stack/lab/catalogue.h"
#include "stack/lab/check.h"
#include "stack/lab/scenario_reader.h"

#define GLASSTCP_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

namespace glasstcp::web {
namespace {

using lab::Side;

struct Request {
  std::string_view name;
  std::uint64_t seed = 0;
  Language language = Language::English;
  std::string_view text;
  std::vector<lab::Override> overrides;
  std::vector<std::string> edits;
};

std::vector<std::string_view> split(std::string_view all) {
  std::vector<std::string_view> parts;
  while (!all.empty()) {
    const std::size_t end = all.find('\0');
    parts.push_back(all.substr(0, end));
    all.remove_prefix(end == std::string_view::npos ? all.size() : end + 1);
  }
  return parts;
}

Request request_of(std::string_view input) {
  const std::vector<std::string_view> parts = split(input);
  Request request;
  if (parts.size() < 4) return request;
  request.name = parts[0];
  std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), request.seed);
  if (parts[2] == "zh") request.language = Language::Chinese;
  request.text = parts[3];
  for (std::size_t i = 4; i + 1 < parts.size(); i += 2) {
    if (parts[i] == "--edit") {
      request.edits.emplace_back(parts[i + 1]);
    } else {
      request.overrides.push_back({std::string(parts[i]), std::string(parts[i + 1])});
    }
  }
  return request;
}

std::expected<lab::Scenario, lab::ReadError> scenario_of(const Request& request) {
  return lab::read_scenario(request.text, {.name = request.name,
                                           .seed = request.seed,
                                           .overrides = request.overrides,
                                           .edits = request.edits});
}

class Bytes final : public BlockSink {
 public:
  explicit Bytes(std::string& into) : into_(into) {}
  void write(ByteView block) noexcept override {
    into_.append(reinterpret_cast<const char*>(block.data()), block.size());
  }

 private:
  std::string& into_;
};

void write_error(Json& json, const lab::ReadError& error) {
  json.begin('{');
  json.key("error").begin('{');
  json.count("line", error.line);
  json.field("message", error.message);
  json.end('}');
  json.end('}');
}

void write_story(Json& json, const lab::Story& story) {
  json.begin('{');
  json.field("title", story.title);
  json.field("question", story.question);
  json.field("predict", story.predict);
  json.field("happened", story.happened);
  json.field("see", story.see);
  json.field("change", story.change);
  json.end('}');
}

void write_scenario(Json& json, const lab::Scenario& scenario) {
  json.begin('{');
  json.key("scenario").begin('{');
  json.field("name", scenario.name);
  json.field("chapter", scenario.chapter);
  json.field("filter", scenario.filter);
  json.field("command", scenario.command);
  json.count("view", static_cast<int>(scenario.view));
  json.count("watched", static_cast<int>(scenario.watched));
  json.key("watch").begin('[');
  for (const std::string& name : scenario.watch) json.string(name);
  json.end(']');
  json.key("chosen").begin('[');
  for (const auto& [name, value] : scenario.chosen) {
    json.string(name);
    json.string(value);
  }
  json.end(']');
  json.key("stories").begin('[');
  for (const lab::Story& story : scenario.stories) write_story(json, story);
  json.end(']');
  json.end('}');
  json.end('}');
}

void write_timers(Json& json) {
  json.key("timers").begin('[');
  for (const TimerInfo& row : all_timers()) {
    json.begin('{');
    json.field("key", row.name);
    json.field("rfc", row.rfc);
    json.field("en", row.sentence);
    json.field("zh", row.sentence_zh);
    json.end('}');
  }
  json.end(']');
}

// Names of reasons and verdicts, each with its RFC and its sentence in both languages.
template <typename Rows>
void write_sentences(Json& json, const Rows& rows) {
  for (const auto& row : rows) {
    json.begin('{');
    json.field("key", row.name);
    json.field("rfc", row.rfc);
    json.field("en", row.sentence);
    json.field("zh", row.sentence_zh);
    json.end('}');
  }
}

// One page's engine. `scenario` is what the lab borrows.
struct Engine {
  std::string input;
  std::string output;
  std::unique_ptr<lab::Scenario> scenario;
  std::unique_ptr<lab::Lab> lab;
  std::unique_ptr<Recorder> recorder;

  bool open() {
    recorder.reset();
    lab.reset();
    const Request request = request_of(input);
    auto read = scenario_of(request);
    Json json;
    if (!read) {
      write_error(json, read.error());
      output = json.text();
      return false;
    }
    scenario = std::make_unique<lab::Scenario>(std::move(*read));
    lab::LabOptions options;
    options.language = request.language;
    lab = std::make_unique<lab::Lab>(*scenario, options);
    recorder = std::make_unique<Recorder>(*lab);
    lab->set_observer(recorder.get());
    write_scenario(json, *scenario);
    output = json.text();
    return true;
  }

  // Goes on for so many steps; false: it is over.
  bool run(std::uint32_t steps) {
    bool goes_on = lab != nullptr;
    for (std::uint32_t i = 0; goes_on && i < steps; ++i) {
      goes_on = lab->step();
      recorder->end_step();
    }
    Json json;
    json.begin('{');
    if (lab) {
      json.count("now", (lab->virtual_time() - lab->journal().start()).count());
      json.count("ending", goes_on ? -1 : static_cast<int>(lab->ending()));
      recorder->drain(json);
    }
    json.end('}');
    output = json.text();
    return goes_on;
  }

  // The capture of one end, or what is wrong.
  bool capture(Side side) {
    const Request request = request_of(input);
    const auto read = scenario_of(request);
    output.clear();
    if (!read) return false;
    Bytes bytes(output);
    lab::LabOptions options;
    options.language = request.language;
    options.captures[lab::index_of(side)] = &bytes;
    lab::Lab whole(*read, options);
    whole.run();
    return true;
  }

  void catalogue() {
    Json json;
    json.begin('{');
    json.key("chapters").begin('[');
    for (const lab::Chapter& chapter : lab::chapters()) {
      json.begin('{');
      json.field("key", chapter.key);
      json.field("en", chapter.english);
      json.field("zh", chapter.chinese);
      json.end('}');
    }
    json.end(']');
    json.key("scenarios").begin('[');
    for (const lab::CatalogueEntry& entry : lab::catalogue()) {
      const auto read = lab::read_scenario(entry.text, {.name = entry.name, .seed = 1});
      if (!read) continue;
      json.begin('{');
      json.field("name", entry.name);
      json.field("chapter", read->chapter);
      json.field("text", entry.text);
      json.key("titles").begin('[');
      for (const lab::Story& story : read->stories) json.string(story.title);
      json.end(']');
      json.end('}');
    }
    json.end(']');
    json.end('}');
    output = json.text();
  }

  // Colours, states and keys: the tables that the page shares with the stack.
  void tables() {
    Json json;
    json.begin('{');
    json.key("classes").begin('[');
    for (const ReasonClassInfo& row : all_reason_classes()) {
      json.begin('{');
      json.field("key", row.key);
      json.field("en", row.name);
      json.field("zh", row.name_zh);
      json.field("mark", row.mark);
      json.field("light", row.light);
      json.field("dark", row.dark);
      json.field("dash", row.dash);
      json.end('}');
    }
    json.end(']');
    json.key("arrows").begin('[');
    for (const Transition& arrow : transitions()) {
      json.string(name_of(arrow.from));
      json.string(name_of(arrow.to));
    }
    json.end(']');
    json.key("tcb").begin('[');
    for (const std::string_view name : lab::kTcbKeys) json.string(name);
    json.end(']');
    write_timers(json);
    json.key("sentences").begin('[');
    write_sentences(json, all_reasons());
    write_sentences(json, all_verdicts());
    json.end(']');
    json.end('}');
    output = json.text();
  }
};

}  // namespace
}  // namespace glasstcp::web

using glasstcp::web::Engine;

GLASSTCP_EXPORT(engine_new) Engine* engine_new() {
  return new Engine;
}
// Room for a request of so many bytes.
GLASSTCP_EXPORT(engine_input) char* engine_input(Engine* engine, std::uint32_t size) {
  engine->input.resize(size);
  return engine->input.data();
}
GLASSTCP_EXPORT(engine_output) const char* engine_output(const Engine* engine) {
  return engine->output.data();
}
GLASSTCP_EXPORT(engine_output_size) std::uint32_t engine_output_size(const Engine* engine) {
  return static_cast<std::uint32_t>(engine->output.size());
}
GLASSTCP_EXPORT(engine_catalogue) void engine_catalogue(Engine* engine) {
  engine->catalogue();
}
GLASSTCP_EXPORT(engine_tables) void engine_tables(Engine* engine) {
  engine->tables();
}
GLASSTCP_EXPORT(engine_open) bool engine_open(Engine* engine) {
  return engine->open();
}
GLASSTCP_EXPORT(engine_run) bool engine_run(Engine* engine, std::uint32_t steps) {
  return engine->run(steps);
}
// kind: 0 lose, 1 delay, 2 duplicate; the n-th packet of the side, which has not left yet.
GLASSTCP_EXPORT(engine_edit)
void engine_edit(Engine* engine, int side, int kind, std::uint32_t nth, std::uint32_t by_us) {
  if (!engine->lab) return;
  glasstcp::lab::Edit edit;
  edit.from = side == 0 ? glasstcp::lab::Side::Client : glasstcp::lab::Side::Server;
  edit.kind = static_cast<glasstcp::lab::EditKind>(std::clamp(kind, 0, 2));
  edit.what = "packet";
  edit.first = edit.last = nth;
  edit.by = std::chrono::microseconds(by_us);
  engine->lab->add_edit(edit);
}
GLASSTCP_EXPORT(engine_capture) bool engine_capture(Engine* engine, int side) {
  return engine->capture(side == 0 ? glasstcp::lab::Side::Client : glasstcp::lab::Side::Server);
}
