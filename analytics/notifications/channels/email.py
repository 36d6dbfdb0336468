"""Mails, through the server that EMAIL_URL names."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from analytics.models import Message

from .base import NotDelivered

MOST = 20
CONSOLE = "django.core.mail.backends.console.EmailBackend"  # prints what nobody would read


def check(address: str) -> str:
    """The recipients, one a line. Raises ValueError with a sentence for people."""
    found = [word for word in address.replace(",", "\n").split() if word]
    if not found:
        raise ValueError("Name at least one address.")
    if len(found) > MOST:
        raise ValueError(f"At most {MOST} addresses; make a list on your mail server for more.")
    for word in found:
        try:
            validate_email(word)
        except ValidationError:
            raise ValueError(f"{word[:100]} is not an address.") from None
    return "\n".join(found)


def shown(address: str) -> str:
    return ", ".join(address.split())


def send(message: Message, address: str) -> None:
    """Raises NotDelivered."""
    if settings.EMAIL_BACKEND == CONSOLE:
        raise NotDelivered("EMAIL_URL names no mail server yet")
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        settings.DEFAULT_FROM_EMAIL,
        address.split(),
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
        headers={"Message-ID": f"<{message.uid}@selflearn>", "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"the mail server refused {', '.join(error.recipients)}") from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotDelivered("the mail server refused the user or password of EMAIL_URL") from error
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"the mail server answered {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"the mail server of EMAIL_URL cannot be reached ({error})") from error
