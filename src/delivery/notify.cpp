// NOTIFY of RFC 3461 §4.1 in the form in which it is kept: "NEVER", or words of SUCCESS, FAILURE
// and DELAY in this order with commas; "" where the sender did not say.
#include "maild/delivery/dsn.hpp"

namespace maild::delivery {
namespace {

struct Events {
    bool success = false;
    bool failure = false;
    bool delay = false;
};

// §4.1: without the parameter, as if FAILURE and DELAY were said.
Events events_of(std::string_view notify) {
    if (notify.empty()) return {.failure = true, .delay = true};
    return {notify.contains("SUCCESS"), notify.contains("FAILURE"), notify.contains("DELAY")};
}

std::string format_notify(const Events& events) {
    std::string out;
    const auto append = [&out](bool is_wanted, std::string_view word) {
        if (!is_wanted) return;
        if (!out.empty()) out += ',';
        out += word;
    };
    append(events.success, "SUCCESS");
    append(events.failure, "FAILURE");
    append(events.delay, "DELAY");
    return out.empty() ? "NEVER" : out;
}

} // namespace

bool is_wanted(std::string_view notify, DsnAction action) {
    const auto events = events_of(notify);
    if (action == DsnAction::failed) return events.failure;
    return action == DsnAction::delayed ? events.delay : events.success;
}

std::string without_success(std::string_view notify) {
    if (notify.empty()) return {};
    auto events = events_of(notify);
    events.success = false;
    return format_notify(events);
}

std::string either_notify(std::string_view a, std::string_view b) {
    if (a == b) return std::string(a);
    const auto x = events_of(a);
    const auto y = events_of(b);
    return format_notify({x.success || y.success, x.failure || y.failure, x.delay || y.delay});
}

} // namespace maild::delivery
