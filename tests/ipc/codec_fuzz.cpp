// Any bytes as a message with every kind of field: an error, or a value that goes back to the very
// same bytes.
#include "maild/auth/token.hpp"
#include "maild/base/ensure.hpp"
#include "maild/ipc/codec.hpp"

#include <cstdint>

namespace maild::ipc {
namespace {

struct Leaf {
    std::int64_t number = 0;
    std::string text;
    std::string_view view;
};
template <class Codec> void describe(Codec& codec, Leaf& leaf) {
    codec(leaf.number, leaf.text, leaf.view);
}

struct Tree {
    bool flag = false;
    std::vector<Leaf> leaves;
    std::optional<auth::Token> token;
    std::variant<std::uint8_t, std::string, std::vector<std::pair<Uid, ModSeq>>> choice;
    std::vector<std::vector<std::string>> texts;
    std::chrono::milliseconds span{};
};
template <class Codec> void describe(Codec& codec, Tree& tree) {
    codec(tree.flag, tree.leaves, tree.token, tree.choice, tree.texts, tree.span);
}

} // namespace
} // namespace maild::ipc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maild;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto tree = ipc::decode<ipc::Tree>(bytes);
    if (tree) ensure(ipc::encode(*tree) == bytes, "a message does not go back to its bytes");
    const auto result = ipc::decode<Result<ipc::Leaf>>(bytes);
    if (result) ensure(ipc::encode(*result) == bytes, "a result does not go back to its bytes");
    return 0;
}
