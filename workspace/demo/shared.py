"""Files and news of the demo: what the two sides of Sierra Systems and Northwind Partners would have shared by now."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from accounts.models import User
from core import clock
from core.uploads import arrived
from enablement import storage
from enablement.models import Notice, NoticeAddress, NoticeReceipt, SharedFile
from partners.models import Partner
from workspace.demo import paper, story


def add_files(partners: dict[str, Partner], people: dict[str, User]) -> None:
    for firm, sender, side, purpose, name, content in story.FILES:
        data = paper.page(content) if name.endswith(".pdf") else "\n".join(content).encode()
        with arrived(name, [data]) as upload:
            file = SharedFile.objects.create(
                partner=partners[firm],
                side=side,
                purpose=purpose,
                name=name,
                extension=name.rpartition(".")[2],
                size=upload.size,
                sha256=upload.sha256,
                received_sha256=upload.sha256,
                status=SharedFile.Status.READY,
                uploaded_by=people[sender],
            )
            storage.move(upload.path, storage.KEPT, file.storage_name)


def add_news(partners: dict[str, Partner], people: dict[str, User]) -> None:
    for days, late, values, tiers, firms, acknowledged_by in story.NOTICES:
        published = datetime.combine(clock.today() - timedelta(days=days), time(9), UTC)
        author = people["lead@demo.example"]
        notice = Notice.objects.create(
            **values,
            audience=Notice.Audience.TIER if tiers else Notice.Audience.NAMED if firms else Notice.Audience.ALL,
            tiers=f",{','.join(tiers)}," if tiers else "",
            decided_on=published.date() - timedelta(days=late),
            author=author,
            published_by=author,
            is_demo=True,
        )
        NoticeAddress.objects.bulk_create([NoticeAddress(notice=notice, partner=partners[firm]) for firm in firms])
        Notice.objects.filter(pk=notice.pk).update(published_at=published)
        for email, firm in acknowledged_by:
            at = published + timedelta(hours=5)
            NoticeReceipt.objects.create(
                notice=notice, partner=partners[firm], user=people[email], seen_at=at, acknowledged_at=at
            )
