// The program behind `glasstcp report`: one capture in, one report out.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <expected>
#include <memory>
#include <string>
#include <variant>

#include "tun/cli/chinese.h"
#include "tun/cli/options.h"
#include "tun/host/standard_files.h"
#include "tun/report/analyze.h"
#include "tun/report/reader_process.h"
#include "tun/report/view/report.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp::report {
namespace {

using Done = std::expected<void, std::string>;

Done write_file(const std::string& path, const std::string& text) {
  const bool to_stdout = path.empty() || path == "-";
  std::FILE* const file = to_stdout ? stdout : std::fopen(path.c_str(), "wb");
  const auto failure = [&path] {
    return std::unexpected("cannot write '" + path + "': " + std::strerror(errno));
  };
  if (file == nullptr) return failure();
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool is_closed = (to_stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!is_written || !is_closed) return failure();
  return {};
}

Done make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
  return std::unexpected("cannot make the folder '" + path + "': " + std::strerror(errno));
}

constexpr const char* kFigures = "figures";

MadeReport alone(std::string content) {
  ReportFiles files;
  files.push_back({{}, std::move(content)});
  return files;
}

MadeReport make_markdown(const Document& document) {
  MarkdownFiles made = markdown_of(document, kFigures);
  ReportFiles files;
  files.push_back({"report.md", std::move(made.text)});
  for (MarkdownFiles::File& file : made.files) {
    files.push_back({std::string(kFigures) + "/" + file.name, std::move(file.content)});
  }
  return files;
}

MadeReport make_figure(const Capture& capture, const ViewOptions& view, const std::string& name) {
  const auto kind = figure_named(name);
  if (!kind) return std::unexpected("there is no figure '" + name + "'");
  auto svg = figure_file(capture, view, *kind);
  if (!svg) return std::unexpected(std::move(svg.error()));
  return alone(*std::move(svg));
}

// Runs where nothing can be opened any more.
MadeReport make_report(const ReportOptions& options, const CaptureBytes& bytes) {
  const auto capture = analyze_open(bytes, options.capture);
  if (!capture) return std::unexpected(capture.error());
  if (options.connection && *options.connection > capture->connections.size()) {
    return std::unexpected("there is no connection " + std::to_string(*options.connection) +
                           ": the capture has " + std::to_string(capture->connections.size()));
  }
  const ViewOptions view{.language = options.language,
                         .shape = options.homework ? Template::Homework : Template::Report,
                         .connection = options.connection};
  switch (options.form()) {
    case ReportForm::Json:
      return alone(json_of(*capture, view));
    case ReportForm::Figure:
      return make_figure(*capture, view, options.figure);
    case ReportForm::Markdown:
      return make_markdown(document_of(*capture, view));
    case ReportForm::Html:
      break;
  }
  return alone(html_of(document_of(*capture, view)));
}

Done write_markdown(const ReportFiles& files, const std::string& folder) {
  Done done = make_folder(folder);
  if (done && files.size() > 1) done = make_folder(folder + "/" + kFigures);
  for (const ReportFile& file : files) {
    if (done) done = write_file(folder + "/" + file.name, file.content);
  }
  return done;
}

// Says what was written where.
void tell(const ReportOptions& options, std::size_t files) {
  const bool is_chinese = options.language == Language::Chinese;
  const char* const capture = options.capture.c_str();
  if (options.form() == ReportForm::Markdown) {
    std::printf(is_chinese ? "%s/report.md：%s 的报告，图 %zu 幅\n"
                           : "%s/report.md: the report of %s, with figures: %zu\n",
                options.markdown.c_str(), capture, files - 1);
  } else if (options.homework) {
    std::printf(is_chinese ? "%s：实验报告的模板，图和帧号来自 %s\n"
                           : "%s: the template of a laboratory report, with the figures of %s\n",
                options.output.c_str(), capture);
  } else {
    std::printf(is_chinese ? "%s：%s 的报告\n" : "%s: the report of %s\n", options.output.c_str(),
                capture);
  }
}

Done write_report(const ReportOptions& options) {
  const bool is_page = options.form() == ReportForm::Html;
  if (is_page && options.to_stdout() && ::isatty(STDOUT_FILENO) != 0) {
    return std::unexpected("the page would fill the terminal: give -o FILE");
  }
  const auto bytes = open_capture(options.capture);
  if (!bytes) return std::unexpected(bytes.error());
  const MadeReport made =
      made_in_sandbox([&] { return make_report(options, *bytes); }, options.language);
  if (!made) return std::unexpected(made.error());
  const bool is_markdown = options.form() == ReportForm::Markdown;
  Done done = is_markdown ? write_markdown(*made, options.markdown)
                          : write_file(options.output,
                                       made->empty() ? std::string() : made->front().content);
  if (done && (is_markdown || !options.to_stdout())) tell(options, made->size());
  return done;
}

}  // namespace
}  // namespace glasstcp::report

int main(int argc, char** argv) {
  glasstcp::open_standard_files();
  glasstcp::give_up_gains();
  const glasstcp::CommandLine line = glasstcp::parse_command_line({argv + 1, argv + argc});
  if (const auto* options = std::get_if<glasstcp::ReportOptions>(&line)) {
    const auto done = glasstcp::report::write_report(*options);
    if (done) return 0;
    const std::string why = glasstcp::spoken(done.error(), options->language);
    std::fprintf(stderr, "glasstcp: report: %s\n", why.c_str());
    return 1;
  }
  if (const auto* end = std::get_if<glasstcp::ExitNow>(&line)) {
    std::fputs(end->out.c_str(), stdout);
    std::fputs(end->err.c_str(), stderr);
    return end->code;
  }
  std::fputs("glasstcp-report: is started by 'glasstcp report'\n", stderr);
  return 2;
}
