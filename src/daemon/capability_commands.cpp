#include "daemon/control_command.hpp"

#include "maild/imap/capabilities.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

std::string unknown(const std::string& name) {
    std::string sentence = "'" + name + "' is no capability that can be hidden. Those are:";
    for (const auto known : imap::hideable_capabilities()) sentence.append(" ").append(known);
    return sentence;
}

net::Task<Reply> hide(ControlReach& reach, Arguments arguments) {
    const auto name = arguments.text("capability");
    const auto known = imap::find_capability(name);
    if (!known) co_return control::failure(control::kUsage, unknown(name));
    const auto hidden =
        co_await reach.admin.hide_capability(arguments.text("address"), std::string(*known));
    co_return changed_reply(hidden);
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    const auto names = co_await reach.admin.list_hidden_capabilities(arguments.text("address"));
    if (!names) co_return control::failure(names.error());
    json::array rows;
    for (const auto& name : *names) rows.push_back(json::object{{"capability", name}});
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

// One that an older or newer version knew is taken back as it stands.
net::Task<Reply> unhide(ControlReach& reach, Arguments arguments) {
    auto name = arguments.text("capability");
    if (const auto known = imap::find_capability(name)) name = *known;
    const auto shown = co_await reach.admin.unhide_capability(arguments.text("address"), name);
    co_return changed_reply(shown);
}

constexpr ControlCommand kCommands[] = {
    {"account capability hide", hide, true},
    {"account capability list", list},
    {"account capability unhide", unhide, true},
};

} // namespace

std::span<const ControlCommand> capability_commands() { return kCommands; }

} // namespace maild::daemon
