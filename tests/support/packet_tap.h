// What captures would say of the packets of a stack in virtual time: for scripts that expect an
// event, and as a file for Wireshark to judge (tests/wireshark).
//
// Nothing waits for an application here, so each packet is annotated when the stack tells it.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "stack/trace/annotator.h"
#include "stack/trace/capture_sink.h"
#include "stack/trace/fields.h"

namespace glasstcp::test {

/// Writes to a file; whether all could be written is told by is_good().
class FileBlocks final : public BlockSink {
 public:
  explicit FileBlocks(const std::string& path) : file_(std::fopen(path.c_str(), "wb")) {}
  ~FileBlocks() override {
    if (file_ != nullptr) std::fclose(file_);
  }
  FileBlocks(const FileBlocks&) = delete;
  FileBlocks& operator=(const FileBlocks&) = delete;
  void write(ByteView block) noexcept override {
    if (!is_good()) return;
    if (std::fwrite(block.data(), 1, block.size(), file_) != block.size()) failed_ = true;
  }
  [[nodiscard]] bool is_good() const { return file_ != nullptr && !failed_; }

 private:
  std::FILE* file_;
  bool failed_ = false;
};

/// Observes one stack until it is destroyed; then the file is whole.
class PacketTap final : public AnnotatedSink {
 public:
  /// `path`: a capture file; empty: none.
  explicit PacketTap(const std::string& path = {}) : annotator_({.connections = 64}) {
    annotator_.add(*this);
    if (path.empty()) return;
    blocks_.emplace(path);
    capture_.emplace(*blocks_, options());
    annotator_.add(*capture_);
  }
  ~PacketTap() override {
    annotator_.flush(last_);
    if (capture_) capture_->finish(last_);
  }
  PacketTap(const PacketTap&) = delete;
  PacketTap& operator=(const PacketTap&) = delete;

  [[nodiscard]] Observer& observer() { return annotator_; }
  /// What happened without a packet is told at the end of each turn.
  void on_turn_done(Instant now) {
    last_ = now;
    annotator_.on_turn_done(now);
  }
  [[nodiscard]] bool is_good() const {
    return !blocks_ || (blocks_->is_good() && capture_->is_ready());
  }
  /// The value of a key in the fields of the last packet; "-": it has none.
  [[nodiscard]] std::string field(const std::string& key) const {
    const std::string padded = fields_ + ' ';
    const std::size_t at = padded.find(' ' + key + '=');
    if (at == std::string::npos) return "-";
    const std::size_t from = at + key.size() + 2;
    return padded.substr(from, padded.find(' ', from) - from);
  }

  void on_annotated(const AnnotatedPacket& packet) noexcept override {
    if (!packet.has_packet()) return;
    TextBuffer line;
    add_fields(line, packet);
    fields_ = line.view();
  }

 private:
  static CaptureOptions options() {
    CaptureOptions options;
    options.application = "glasstcp tests";
    options.interface_name = "virtual";
    return options;
  }

  Annotator annotator_;
  std::optional<FileBlocks> blocks_;
  std::optional<CaptureSink> capture_;
  std::string fields_;
  Instant last_{};
};

}  // namespace glasstcp::test
