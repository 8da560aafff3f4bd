#include "store/sharing_conformance.hpp"

#include "maild/store/memory_store.hpp"

namespace maild::store::test {
namespace {

class MemorySubject final : public Subject {
public:
    MessageStore& store() override { return store_; }
    StoreAdmin& admin() override { return store_; }

private:
    MemoryStore store_{clock, key};
};

INSTANTIATE_TEST_SUITE_P(
    Memory, StoreConformance,
    testing::Values(SubjectKind{
        "Memory", [] { return std::unique_ptr<Subject>(std::make_unique<MemorySubject>()); }}),
    name_of_kind);
INSTANTIATE_TEST_SUITE_P(
    Memory, SharingConformance,
    testing::Values(SubjectKind{
        "Memory", [] { return std::unique_ptr<Subject>(std::make_unique<MemorySubject>()); }}),
    name_of_kind);

TEST(MemoryStore, FailsWhenToldAndLosesItsSessions) {
    MemorySubject subject;
    auto& store = dynamic_cast<MemoryStore&>(subject.store());
    Client client(subject, 1);
    store.set_failure(Errc::no_space);
    EXPECT_EQ(client.append("INBOX", {"x"}), "no_space");
    EXPECT_EQ(deliver(subject, 1, "x"), "no_space");
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash");
    store.set_failure(std::nullopt);
    EXPECT_EQ(client.append("INBOX", {"x"}), "1");
    store.set_accepts_mail(false);
    EXPECT_FALSE(store.accepts_mail());
    store.lose_sessions();
    EXPECT_EQ(client.news(), "lost");
}

} // namespace
} // namespace maild::store::test
