#pragma once
// IMAP's view of this host, in a worker: logins go to `auth`, mail to `store`.

#include "daemon/authenticator.hpp"
#include "daemon/config.hpp"

#include "maild/imap/backend.hpp"

#include <vector>

namespace maild::daemon {

class ImapBackend final : public imap::Backend {
public:
    // Both outlive the backend.
    ImapBackend(directory::Directory& directory, store::MessageStore& store)
        : authenticator_(directory, directory::Service::imap), store_(store) {}

    auth::Authenticator& authenticator() override { return authenticator_; }
    store::MessageStore& store() override { return store_; }
    std::vector<store::Annotation> server_annotations() const override { return annotations_; }
    void set_annotations(const ImapSettings& settings) {
        annotations_ = {{"/shared/admin", settings.admin}, {"/shared/comment", settings.comment}};
    }

private:
    Authenticator authenticator_;
    store::MessageStore& store_;
    std::vector<store::Annotation> annotations_; // empty values: there is none
};

} // namespace maild::daemon
