#pragma once
// The child's side: one process, one role. Hears the supervisor over descriptor 3, locks itself in
// and drives a RoleProgram until it is told to go, fails, or is orphaned.
// Runs as: the role's user. May touch: what sandbox.hpp lists. Never touches: what it was not
// given.

#include "daemon/channel.hpp"
#include "daemon/messages.hpp"
#include "daemon/role.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

inline constexpr int kChannelDescriptor = 3;

class RoleProcess final : public RoleContext {
public:
    RoleProcess(Channel channel, RoleFactory factory);
    ~RoleProcess() override;
    RoleProcess(const RoleProcess&) = delete;
    RoleProcess& operator=(const RoleProcess&) = delete;

    // The whole life; the exit code.
    int run();

    boost::asio::io_context& io() override { return io_; }
    Role role() const override { return hello_.role; }
    std::uint32_t index() const override { return hello_.index; }
    const Config& config() const override { return hello_.config; }
    const std::string& token_secret() const override { return hello_.token_secret; }
    void ready() override;
    void set_status(std::string_view text) override;
    void tell_crowded(std::uint32_t services) override;
    void leave_note(std::string bytes) override;
    const std::string& note() const override { return hello_.note; }
    void fail(const Error& reason) override;
    void finished() override;
    void ask_supervisor(SupervisorRequest request,
                        std::function<void(Result<std::string>)> done) override;

private:
    struct Given { // before start()
        SupervisorMessage message;
        Descriptors descriptors;
    };

    Result<void> meet_supervisor();
    Result<void> lock_in();
    Result<void> start();
    void serve();

    Result<Given> next_message();
    void watch_channel();
    void take_messages();
    void take(SupervisorMessage& message, Descriptors& descriptors);
    void orphaned();
    void change_log(const LogOutput& output, UniqueFd descriptor);
    void send(const ChildMessage& message);
    void send_rest();
    void answered(const Answer& answer);

    // Coroutines that wait for something stay in it until it goes; drop() lets them go before that.
    class Io : public boost::asio::io_context {
    public:
        using boost::asio::io_context::io_context;
        void drop() { shutdown(); }
    };

    Io io_{1};
    Channel channel_;
    boost::asio::posix::stream_descriptor watch_{io_};
    bool is_watching_write_ = false;
    RoleFactory factory_;
    Hello hello_;
    UniqueFd log_;
    UniqueFd lock_; // held, so that nobody starts a second daemon while this process lives
    std::vector<Given> first_;
    std::map<std::uint64_t, std::function<void(Result<std::string>)>> asked_;
    std::uint64_t last_asked_ = 0;
    bool is_ready_ = false;
    int exit_code_ = 0;
    std::unique_ptr<RoleProgram> program_; // last: gone before what it uses
};

// `maild --role NAME --index N`, for the supervisor alone: refuses without its channel.
int run_role(Role role, std::uint32_t index, RoleFactory factory);

} // namespace maild::daemon
