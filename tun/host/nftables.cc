// See nftables.h.
#include "tun/host/nftables.h"

#include <dlfcn.h>
#include <nftables/libnftables.h>

#include <string_view>

namespace glasstcp {
namespace {

constexpr const char* kLibrary = "libnftables.so.1";

// "Error: Could not process rule: ...", behind the place in the text, and before its lines.
std::string first_sentence(std::string_view said) {
  const std::string_view line = said.substr(0, said.find('\n'));
  const std::size_t at = line.find("Error: ");
  const std::string_view sentence = at == std::string_view::npos ? line : line.substr(at + 7);
  return sentence.empty() ? "nftables refused it" : std::string(sentence);
}

}  // namespace

struct Nftables::Library {
  void* handle = nullptr;
  decltype(&nft_ctx_new) make = nullptr;
  decltype(&nft_ctx_free) free = nullptr;
  decltype(&nft_ctx_buffer_output) buffer_output = nullptr;
  decltype(&nft_ctx_buffer_error) buffer_error = nullptr;
  decltype(&nft_ctx_get_output_buffer) output = nullptr;
  decltype(&nft_ctx_get_error_buffer) error = nullptr;
  decltype(&nft_run_cmd_from_buffer) run = nullptr;

  ~Library() {
    if (handle != nullptr) ::dlclose(handle);
  }
  // False: it is another library.
  bool load() {
    handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    return handle != nullptr && find("nft_ctx_new", make) && find("nft_ctx_free", free) &&
           find("nft_ctx_buffer_output", buffer_output) &&
           find("nft_ctx_buffer_error", buffer_error) &&
           find("nft_ctx_get_output_buffer", output) && find("nft_ctx_get_error_buffer", error) &&
           find("nft_run_cmd_from_buffer", run);
  }
  template <typename Function>
  bool find(const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(handle, name));
    return into != nullptr;
  }
};

void Nftables::Closer::operator()(nft_ctx* context) const {
  library->free(context);
}

bool Nftables::is_here() {
  return Library().load();
}

std::expected<Nftables, std::string> Nftables::open() {
  const auto library = std::make_shared<Library>();
  if (!library->load()) return std::unexpected("there is no nft here");
  std::unique_ptr<nft_ctx, Closer> context(library->make(NFT_CTX_DEFAULT), Closer{library});
  if (context == nullptr) return std::unexpected("nftables cannot be reached");
  library->buffer_output(context.get());
  library->buffer_error(context.get());
  return Nftables(std::move(context));
}

std::string Nftables::run(const std::string& commands) const {
  const Library& library = *context_.get_deleter().library;
  if (library.run(context_.get(), commands.c_str()) == 0) return {};
  const char* const said = library.error(context_.get());
  return first_sentence(said != nullptr ? said : "");
}

std::string Nftables::list(const std::string& command) const {
  const Library& library = *context_.get_deleter().library;
  if (library.run(context_.get(), command.c_str()) != 0) return {};
  const char* const said = library.output(context_.get());
  return said != nullptr ? said : "";
}

}  // namespace glasstcp
