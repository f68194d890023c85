"""The client on a platform: ``TUTTI_URL`` names it. Started by ``client.io.ts``."""

import asyncio
import unittest
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import tutti
from tutti import AsyncClient, Client

ORDER = """
workflow: order
input: {schema: {type: object, required: [article], properties: {article: {type: string}}}}
signals: {paid: {schema: {type: object, properties: {cents: {type: integer}}}}}
queries: {article: {output: "${{ input.article }}"}}
vars: {note: ""}
updates: {note: {set: {note: "${{ payload }}"}, output: "${{ payload + '!' }}"}}
tasks:
  payment: {wait: {signal: paid}}
  check: {needs: [payment], approve: {title: "Send ${{ input.article }}?", form: {type: object}}}
output: {article: "${{ input.article }}", cents: "${{ tasks.payment.output.cents }}"}
"""


class A_client(unittest.TestCase):
    client: Client

    def setUp(self) -> None:
        self.client = self.enterContext(tutti.connect())
        self.client.workflows.register(ORDER, file_name="order.yaml")

    def test_starts_a_run_once_under_an_id_and_follows_it_to_its_result(self) -> None:
        run = self.client.run("order", {"article": "violin"}, id="order-1", labels={"customer": "17"})
        again = self.client.run("order", {"article": "violin"}, id="order-1", labels={"customer": "17"})
        self.assertEqual((run.id, run.existed, again.existed), ("order-1", False, True))
        with self.assertRaises(tutti.AlreadyExists):
            self.client.run("order", {"article": "piano"}, id="order-1")
        changes = run.watch()
        first = next(changes)
        assert first.run is not None
        self.assertEqual((first.run.status, len(first.tasks)), ("running", 2))
        self.assertIn("paid", str(run.why()))
        self.assertEqual(run.query("article"), "violin")
        self.assertEqual(run.update("note", "soon"), "soon!")
        run.signal("paid", {"cents": 42})
        question = next(self.client.approvals.watch(run_id=run.id))
        self.assertEqual((question.title, question.is_open), ("Send violin?", True))
        self.client.approvals.approve(question, data={"by": "ann"}, reason="it is paid")
        self.assertEqual(run.result(timeout="10s"), {"article": "violin", "cents": 42})
        self.assertEqual([each.run.status for each in changes if each.run][-1], "completed")
        state = run.get()
        self.assertEqual((state.definition, state.input), ("order", {"article": "violin"}))
        self.assertEqual((state.labels, state.output["cents"]), ({"customer": "17"}, 42))
        assert state.create_time is not None
        self.assertLess(abs(datetime.now(UTC) - state.create_time), timedelta(minutes=5))
        self.assertEqual([task.status for task in run.tasks()], ["completed", "completed"])
        self.assertEqual(next(run.events()).type, "run_started")
        self.assertEqual({event.task_id for event in run.events(task="check")}, {"check"})

    def test_raises_the_error_of_a_run_that_fails_and_retries_it(self) -> None:
        run = self.client.run("order", {"article": "harp"})
        run.fail_task("payment", "pay.declined", "the card was declined", "a test")
        with self.assertRaises(tutti.RunFailed) as raised:
            run.result()
        self.assertEqual(raised.exception.run_id, run.id)
        self.assertEqual(run.get().status, "failed")
        self.assertIn("pay.declined", str(run.why().raw))
        run.retry("the card works")
        run.complete_task("payment", {"cents": 1}, "paid in cash")
        next(self.client.approvals.watch(run_id=run.id))
        self.assertEqual([question.title for question in run.approvals()], ["Send harp?"])
        run.reject("check", reason="no harps")
        with self.assertRaises(tutti.RunFailed):
            run.result()
        self.assertTrue(run.remove("a test"))
        with self.assertRaises(tutti.NotFound) as gone:
            run.get()
        self.assertEqual((gone.exception.retryable, bool(gone.exception.remedy)), (False, True))

    def test_pauses_resumes_labels_cancels_and_gives_up_waiting(self) -> None:
        run = self.client.run("order", {"article": "drum"}, timeout="1h", budget={"tokens": 10})
        self.assertEqual(run.pause("lunch").status, "paused")
        self.assertEqual(run.resume().status, "running")
        run.label({"team": "core"}, priority=3)
        self.assertEqual(run.get().labels, {"team": "core"})
        with self.assertRaises(TimeoutError) as late:
            run.result(timeout=0.05)
        assert isinstance(late.exception, tutti.NotEnded)
        run.cancel("enough")
        with self.assertRaises(tutti.RunCancelled):
            run.result()
        other = self.client.run("order", {"article": "drum"})
        other.terminate("now")
        with self.assertRaises(tutti.RunTerminated):
            other.result()

    def test_says_what_is_wrong_with_an_input_and_a_definition(self) -> None:
        with self.assertRaises(tutti.InvalidArgument) as raised:
            self.client.run("order", {})
        self.assertEqual(raised.exception.fields[0].field, "input")
        checked = self.client.workflows.check("workflow: x\ntasks: {a: {usess: b}}", file_name="x.yaml")
        self.assertFalse(checked.is_valid)
        self.assertIn("x.yaml:2:", str(checked.problems[0]))
        with self.assertRaises(tutti.InvalidArgument) as not_json:
            self.client.run("order", {"article": object()})
        self.assertEqual(not_json.exception.code, "sdk.not_json")

    def test_makes_changes_and_triggers_schedules(self) -> None:
        schedules = self.client.schedules
        nightly = schedules.create(
            "at-night",
            "order",
            {"article": "bow"},
            cron="30 2 * * *",
            time_zone="Europe/Zurich",
            catch_up="1h",
        )
        state = nightly.get()
        self.assertEqual((state.definition, state.paused), ("order", False))
        self.assertEqual(len({time.hour for time in state.next_times}), 1)
        self.assertEqual(nightly.update(every="5m", overlap="allow").raw["policy"]["catchUpMs"], 3_600_000)
        firing = nightly.trigger("to see whether it works")
        self.assertEqual(self.client.runs.get(firing.run_id).get().input, {"article": "bow"})
        self.assertTrue(nightly.pause().paused)
        self.assertFalse(nightly.resume().paused)
        nightly.delete()
        with self.assertRaises(tutti.NotFound):
            nightly.get()

    def test_starts_runs_of_events_once(self) -> None:
        triggers = self.client.triggers
        offers = triggers.create(
            "offers",
            "order",
            event="shop.offer.*",
            if_="event.data.price > 10",
            key="event.data.article",
            with_={"article": "${{ event.data.article }}"},
            run_id="offer-${{ event.data.article }}",
            throttle=100,
            priority=2,
        )
        cello = tutti.Event("shop.offer.made", {"article": "cello", "price": 20}, source="/shop", id="e1")
        tested = offers.test(cello)
        self.assertEqual(
            (tested.matched, tested.key, tested.run_id, tested.input),
            (True, "cello", "offer-cello", {"article": "cello"}),
        )
        self.assertEqual(tested.event and (tested.event.id, tested.event.data), ("e1", cello.data))
        posted = triggers.post(cello, tutti.Event("shop.offer.made", {"article": "kazoo", "price": 1}))
        self.assertEqual((posted.events, posted.matched, posted.duplicates), (2, 1, 0))
        run = self.client.runs.get("offer-cello")
        self.wait_for(lambda: offers.get().counts.started == 1)
        self.assertEqual((run.get().input, run.get().raw["spec"]["priority"]), ({"article": "cello"}, 2))
        triggers.post(cello)
        self.wait_for(lambda: offers.get().counts.duplicates == 1)
        self.assertEqual(offers.get().recent[0].result, "duplicate")
        changed = offers.update(description="what we offer", debounce="1s")
        self.assertEqual((changed.description, changed.event), ("what we offer", "shop.offer.*"))
        policy = changed.raw["policy"]
        self.assertEqual((policy["debounceMs"], policy["throttleCount"]), (1_000, 100))
        self.assertEqual(offers.update("order", after_run="other", ends=["failed"]).event, "")
        offers.delete()
        with self.assertRaises(tutti.NotFound):
            offers.get()

    def test_replays_events_and_retries_dead_letters(self) -> None:
        bids = self.client.triggers.create("bids", "order", event="shop.bid.made", paused=True)
        before = datetime.now(UTC)
        moment = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
        self.client.triggers.post(tutti.Event("shop.bid.made", {"article": "oboe"}, id="b1"))
        self.client.triggers.post(tutti.Event("shop.bid.made", {"articles": 1}, id="b2", time=moment))
        self.assertTrue(bids.get().paused)
        self.assertEqual(bids.pause("so it stays").note, "so it stays")
        self.wait_for(
            lambda: [each.trigger_id for each in self.client.triggers.list(paused=True)] == ["bids"]
        )
        self.assertFalse(bids.resume().paused)
        self.assertEqual(bids.replay(before, reason="it was missed").matched, 1)
        self.assertEqual(bids.replay(end=before).matched, 1)
        self.wait_for(lambda: bids.get().counts.dead == 1)
        (letter,) = bids.dead_letters()
        assert letter.event is not None
        self.assertEqual((letter.event.id, letter.event.time), ("b2", moment))
        bids.update(with_={"article": "viola"})
        self.assertEqual(bids.retry_dead_letters(letter.number), 1)
        self.wait_for(lambda: bids.get().counts.started == 2)
        self.assertEqual(bids.drop_dead_letters(), 0)
        bids.delete()

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        deadline = monotonic() + 30
        while not is_so():
            self.assertLess(monotonic(), deadline, "it is not so after 30 s")
            sleep(0.02)

    def test_finds_counts_and_changes_many_runs(self) -> None:
        for number in range(3):
            self.client.run("order", {"article": "flute"}, id=f"many-{number}", labels={"batch": "7"})
        self.client.runs.get("many-2").cancel()
        runs = self.client.runs
        # Lists and their watches lag behind, independently for each run.
        wanted = {"many-0": "running", "many-1": "running", "many-2": "cancelled"}
        seen: dict[str, str] = {}
        for each in runs.watch(labels={"batch": "7"}):
            seen[each.run_id] = each.status
            if seen == wanted:
                break
        self.assertEqual(
            {each.run_id for each in runs.list(labels={"batch": "7"}, status=["running"])},
            {"many-0", "many-1"},
        )
        self.assertEqual(runs.count(labels={"batch": "7"})["running"], 2)
        preview = runs.preview("terminate", labels={"batch": "7"}, status=["running"])
        self.assertEqual(preview.count, 2)
        outcome = preview.apply("a test")
        self.assertEqual((outcome.done, outcome.refused), (2, {}))

    def test_moves_runs_to_another_version(self) -> None:
        tasks = {"first": {"set": 1}, "go": {"needs": ["first"], "wait": {"signal": "go"}}}
        self.client.workflows.register({"workflow": "moving", "tasks": tasks})
        run = self.client.run("moving", id="moving-1")
        self.client.run("moving", id="moving-2")
        later = {"one": {"set": 2}, "go": {"needs": ["one"], "wait": {"signal": "go"}}}
        self.client.workflows.register({"workflow": "moving", "tasks": later})
        review = run.move(dry_run=True)
        self.assertEqual((review.verdict, review.problems[0].id), ("needs_mapping", "first"))
        self.assertEqual(run.move("latest", "fixed", mapping={"first": "one"}).verdict, "safe")
        self.assertEqual(run.move("latest").verdict, "identical")
        back = run.move(back=True, dry_run=True)
        self.assertEqual((back.verdict, [each.message for each in back.problems]), ("safe", []))
        mapping = {"first": "one"}
        while len((preview := self.client.runs.preview_move("moving", "latest", mapping=mapping)).groups) < 2:
            pass
        found = sorted((each.value, each.count) for each in preview.groups)
        self.assertEqual((found, preview.count), ([("identical", 1), ("safe", 1)], 1))
        self.assertEqual(preview.apply("all of them", per_second=10).done, 1)

    def test_reads_definitions(self) -> None:
        definition = self.client.workflows.get("order")
        self.assertEqual((definition.task_count, definition.version_labels), (2, ("latest",)))
        self.assertIn("order", [each.name for each in self.client.workflows.list()])
        self.assertEqual(next(self.client.workflows.versions("order")).hash, definition.hash)
        self.assertEqual(self.client.workflows.graph("order").critical_path, ("payment", "check"))

    def test_passes_bytes_and_what_looks_like_them(self) -> None:
        self.client.workflows.register({"workflow": "echo", "tasks": {"same": {"set": "${{ input }}"}}})
        self.client.workflows.register({"workflow": "empty", "tasks": {"one": {"set": 1}}})
        for value in ({"$bytes": "no"}, [1, 2.5, None, "ä"], {"a": {"b": True}}):
            self.assertEqual(self.client.run("echo", value).result(timeout=10), {"same": value})
        self.assertEqual(self.client.run("empty").result(timeout=10), {"one": 1})


class An_asynchronous_client(unittest.IsolatedAsyncioTestCase):
    async def test_does_the_same_for_many_runs_at_once(self) -> None:
        async with tutti.aconnect(timeout="20s") as client:
            await client.workflows.register(ORDER)
            await asyncio.gather(*(self.through(client, number) for number in range(20)))
            one = client.runs.get("at-once-0")
            self.assertEqual((await one.get()).status, "completed")
            self.assertEqual([event.type async for event in one.events()][0], "run_started")
            with self.assertRaises(tutti.NotFound):
                await client.run("nope")
            with self.assertRaises(tutti.NotFound):
                await client.with_options(namespace="elsewhere").runs.get("at-once-0").get()

    async def through(self, client: AsyncClient, number: int) -> None:
        run = await client.run("order", {"article": "lute"}, id=f"at-once-{number}")
        waiting = asyncio.create_task(run.result(timeout=30))
        await run.signal("paid", {"cents": number})
        async for question in client.approvals.watch(run_id=run.id):
            await client.approvals.approve(question)
            break
        self.assertEqual((await waiting)["cents"], number)
        statuses = [change.run.status async for change in run.watch() if change.run]
        self.assertEqual(statuses[-1], "completed")

    async def test_lets_go_of_a_result_that_is_cancelled(self) -> None:
        async with tutti.aconnect() as client:
            await client.workflows.register(ORDER)
            run = await client.run("order", {"article": "lyre"})
            waiting = asyncio.create_task(run.result())
            await run.query("article")
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            self.assertEqual((await run.terminate()).status, "terminated")
