// What every assistant does here, whatever it is made of: look around, ask Jira, ask Confluence,
// write, and read what was written.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const tools = [
  "confluence_add_comment",
  "confluence_add_inline_comment",
  "confluence_add_label",
  "confluence_copy_page",
  "confluence_create_page",
  "confluence_get_comments",
  "confluence_get_inline_comments",
  "confluence_get_labels",
  "confluence_get_page",
  "confluence_get_page_children",
  "confluence_get_page_diff",
  "confluence_get_page_history",
  "confluence_get_page_restrictions",
  "confluence_get_space_page_tree",
  "confluence_list_spaces",
  "confluence_move_page",
  "confluence_remove_label",
  "confluence_reply_to_comment",
  "confluence_search",
  "confluence_set_page_restrictions",
  "confluence_update_page",
  "confluence_update_page_section",
  "fetch",
  "jira_add_comment",
  "jira_assign_issue",
  "jira_batch_create_issues",
  "jira_create_issue",
  "jira_edit_comment",
  "jira_get_field_options",
  "jira_get_issue",
  "jira_get_project_issues",
  "jira_get_transitions",
  "jira_get_user_profile",
  "jira_list_comments",
  "jira_search",
  "jira_search_assignable_users",
  "jira_search_fields",
  "jira_transition_issue",
  "jira_update_issue",
  "search",
];

/** Those that Jira Cloud alone has. */
const cloudTools = ["jira_batch_get_changelogs", "jira_move_issue"];

/** Calls a tool and returns its text. A tool error fails. */
export async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  const text = (result.content ?? []).map((c) => c.text ?? "").join("\n");
  assert.ok(!result.isError, `${name} ${JSON.stringify(args)}: ${text}`);
  assert.notEqual(text, "", `${name} answered nothing`);
  return text;
}

export async function listTools(client) {
  const listed = (await client.listTools()).tools;
  const names = listed.map((t) => t.name).sort();
  const cloud = names.filter((name) => cloudTools.includes(name));
  assert.deepEqual(names.filter((name) => !cloudTools.includes(name)), tools);
  assert.ok(cloud.length === 0 || cloud.length === cloudTools.length, `of Cloud's tools: ${cloud}`);
  for (const tool of listed) {
    assert.equal(tool.inputSchema.type, "object", tool.name);
    assert.ok(tool.description, `${tool.name} has no description`);
  }
}

export async function readJira(client) {
  assert.match(await call(client, "jira_get_issue", { issue_key: "PLAT-1" }), /PLAT-1\b/);
  assert.match(await call(client, "jira_search", { jql: "project = OPS ORDER BY key", limit: 5 }), /OPS-\d+/);
}

export async function readConfluence(client) {
  assert.match(await call(client, "confluence_search", { query: "Installation" }), /Installation/);
  const page = await call(client, "confluence_get_page", { title: "Installation", space_key: "DOCS" });
  assert.match(page, /xcaddy build/);
}

/** As ChatGPT's deep research reads: search, then fetch what was found, over both products. */
export async function searchAndFetch(client) {
  const found = JSON.parse(await call(client, "search", { query: "token" }));
  for (const id of [/^jira:[A-Z]+-\d+$/, /^confluence:\d+$/]) {
    const hit = found.results.find((result) => id.test(result.id));
    assert.ok(hit, `${id} finds nothing in ${JSON.stringify(found)}`);
    const document = JSON.parse(await call(client, "fetch", { id: hit.id }));
    assert.deepEqual([document.id, document.title, document.url], [hit.id, hit.title, hit.url]);
    assert.notEqual(document.text, "");
  }
}

export async function writeAndRead(client) {
  const words = `Seen by the acceptance tests, ${randomUUID()}.`;
  await call(client, "jira_add_comment", { issue_key: "PLAT-2", body: words });
  assert.match(await call(client, "jira_get_issue", { issue_key: "PLAT-2", comment_limit: 50 }), new RegExp(words));
}

/** A mistake comes back as a result that says what is wrong, so that a model can do better. */
export async function mistakes(client) {
  const calls = [
    { name: "jira_get_issue", arguments: { issue_key: "PLAT-9999" }, says: /PLAT-9999|not exist|404/ },
    { name: "jira_get_issue", arguments: {}, says: /issue_key/ },
    { name: "confluence_get_page", arguments: { page_id: "1" }, says: /page|404/ },
  ];
  for (const { says, ...mistake } of calls) {
    const result = await client.callTool(mistake);
    assert.equal(result.isError, true, JSON.stringify(result));
    assert.match(result.content[0].text, says);
  }
}

/** The whole of it. */
export async function everything(client) {
  await listTools(client);
  await readJira(client);
  await readConfluence(client);
  await searchAndFetch(client);
  await writeAndRead(client);
  await mistakes(client);
}
