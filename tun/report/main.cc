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
#include "tun/report/view/report.h"

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

Done write_markdown(const Document& document, const std::string& folder) {
  constexpr const char* kFigures = "figures";
  const MarkdownFiles files = markdown_of(document, kFigures);
  Done done = make_folder(folder);
  if (done && !files.files.empty()) done = make_folder(folder + "/" + kFigures);
  if (done) done = write_file(folder + "/report.md", files.text);
  for (const MarkdownFiles::File& file : files.files) {
    if (!done) break;
    done = write_file(folder + "/" + kFigures + "/" + file.name, file.content);
  }
  return done;
}

Done write_figure(const Capture& capture, const ViewOptions& view, const ReportOptions& options) {
  const auto kind = figure_named(options.figure);
  if (!kind) return std::unexpected("there is no figure '" + options.figure + "'");
  const auto svg = figure_file(capture, view, *kind);
  if (!svg) return std::unexpected(svg.error());
  return write_file(options.output, *svg);
}

Done write_report(const ReportOptions& options) {
  const bool is_page = options.form() == ReportForm::Html;
  if (is_page && options.to_stdout() && ::isatty(STDOUT_FILENO) != 0) {
    return std::unexpected("the page would fill the terminal: give -o FILE");
  }
  const auto capture = analyze_file(options.capture);
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
      return write_file(options.output, json_of(*capture, view));
    case ReportForm::Figure:
      return write_figure(*capture, view, options);
    case ReportForm::Markdown:
      return write_markdown(document_of(*capture, view), options.markdown);
    case ReportForm::Html:
      break;
  }
  return write_file(options.output, html_of(document_of(*capture, view)));
}

}  // namespace
}  // namespace glasstcp::report

int main(int argc, char** argv) {
  glasstcp::open_standard_files();
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
