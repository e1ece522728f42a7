"""The written channels: WhatsApp, SMS, email, web chat, the social networks. Nothing yet; the domain knows no channel by name."""
