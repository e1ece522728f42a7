"""Customers over HTTP."""

from __future__ import annotations

from contact_centre.access.privileges import Privilege
from contact_centre.contacts.schemas import ContactBody, ContactOut, ContactPageOut, ContactQuery, contact_out
from contact_centre.contacts.service import Contacts
from contact_centre.web.ask import Ask
from contact_centre.web.route import route


class ContactRoutes:
    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    @route("GET", "/contacts", needs=Privilege.CONTACTS, summary="Search customers")
    async def contacts(self, ask: Ask, query: ContactQuery) -> ContactPageOut:
        found, total = await self._contacts.search(query.text, query.page, query.page_size)
        items = [contact_out(contact) for contact in found]
        return ContactPageOut(items=items, total=total, page=query.page, page_size=query.page_size)

    @route("GET", "/contacts/{contact_id}", needs=Privilege.CONTACTS, summary="One customer")
    async def contact(self, ask: Ask, contact_id: str) -> ContactOut:
        return contact_out(await self._contacts.get(contact_id))

    @route("POST", "/contacts", needs=Privilege.CONTACTS, summary="Add a customer")
    async def add(self, ask: Ask, body: ContactBody) -> ContactOut:
        return contact_out(await self._contacts.save(None, body.name, body.numbers, body.note))

    @route("PUT", "/contacts/{contact_id}", needs=Privilege.CONTACTS, summary="Change a customer")
    async def change(self, ask: Ask, contact_id: str, body: ContactBody) -> ContactOut:
        return contact_out(await self._contacts.save(contact_id, body.name, body.numbers, body.note))
