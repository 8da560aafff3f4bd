#pragma once
// The process around a part of a role, which does nothing but remember.

#include "daemon/role.hpp"

#include <functional>
#include <string>

namespace maild::daemon {

class FakeContext final : public RoleContext {
public:
    explicit FakeContext(boost::asio::io_context& io) : io_(io) {}
    boost::asio::io_context& io() override { return io_; }
    Role role() const override { return Role::control; }
    std::uint32_t index() const override { return 0; }
    const Config& config() const override { return settings; }
    const std::string& token_secret() const override { return none_; }
    void ready() override {}
    void set_status(std::string_view) override {}
    void tell_crowded(std::uint32_t services) override { crowded = services; }
    void leave_note(std::string) override {}
    const std::string& note() const override { return none_; }
    void fail(const Error&) override {}
    void finished() override {}
    void ask_supervisor(SupervisorRequest, std::function<void(Result<std::string>)>) override {}

    Config settings;
    std::uint32_t crowded = 0; // what was told last

private:
    boost::asio::io_context& io_;
    std::string none_;
};

} // namespace maild::daemon
