// What imapflow, the IMAP client of many web applications, believes after it has worked in a mailbox of twenty messages.
// Usage: imapflow.js PORT ADDRESS PASSWORD MAILBOX; prints "done", or exits 1 with what was not so.
const assert = require("assert");
const { ImapFlow } = require("imapflow");

async function main([port, user, pass, mailbox]) {
    const client = new ImapFlow({
        host: "127.0.0.1", port: Number(port), secure: true, auth: { user, pass }, qresync: true, logger: false,
        tls: { rejectUnauthorized: false },
    });
    await client.connect();
    const folders = (await client.list({ statusQuery: { messages: true } })).map((folder) => [folder.path, folder.specialUse, folder.status?.messages]);
    assert(folders.some(([path, , messages]) => path === mailbox && messages === 20), JSON.stringify(folders));
    assert(folders.some(([path, use]) => path === "Trash" && use === "\\Trash"), JSON.stringify(folders));

    const opened = await client.mailboxOpen(mailbox);
    assert.equal(opened.exists, 20);
    assert(opened.highestModseq > 0n);
    const subjects = [];
    for await (const message of client.fetch("1:*", { uid: true, flags: true, envelope: true, bodyStructure: true, size: true, source: true, internalDate: true })) {
        subjects.push(message.envelope.subject);
        assert.equal(message.bodyStructure.type, "text/plain");
        assert.equal(message.source.length, message.size);
    }
    assert.deepEqual(subjects, Array.from({ length: 20 }, (_, number) => `flow${number}`));

    assert.deepEqual(await client.search({ subject: "flow7" }), [8]);
    assert.deepEqual(await client.search({ header: { "message-id": "<flow9@client.example>" } }, { uid: true }), [10]);
    let body = "";
    for await (const chunk of (await client.download("3", "1")).content) {
        body += chunk;
    }
    assert.equal(body.trimEnd(), "Hello.");
    await client.messageFlagsAdd("5", ["\\Flagged", "$Important"]);
    assert((await client.fetchOne("5", { flags: true })).flags.has("$Important"));
    await client.mailboxCreate(`${mailbox}-moved`);
    const moved = await client.messageMove("1", `${mailbox}-moved`);
    assert.deepEqual([...moved.uidMap], [[1, 1]]);
    assert.equal(client.mailbox.exists, 19);
    await client.messageDelete("20", { uid: true });
    assert.equal(client.mailbox.exists, 18);
    const appended = await client.append(mailbox, "Subject: appended\r\n\r\nbody\r\n", ["\\Seen"], new Date(86400000));
    assert.equal(appended.uid, 21);
    assert.equal((await client.status(mailbox, { messages: true, unseen: true, uidNext: true, highestModseq: true })).messages, 19);
    await client.logout();
    console.log("done");
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exit(1);
});
