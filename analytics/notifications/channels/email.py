"""E-mail, through the server of EMAIL_URL."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from analytics.models import Message

from .base import ChannelType, NotDelivered

MAX_RECIPIENTS = 20
CONSOLE = "django.core.mail.backends.console.EmailBackend"  # no mail server is configured


def check(address: str) -> str:
    """The recipients, one per line. Raises ValueError."""
    recipients = address.replace(",", "\n").split()
    if not recipients:
        raise ValueError("Enter at least one e-mail address.")
    if len(recipients) > MAX_RECIPIENTS:
        raise ValueError(f"At most {MAX_RECIPIENTS} addresses; use a mailing list for more.")
    for recipient in recipients:
        try:
            validate_email(recipient)
        except ValidationError:
            raise ValueError(f"{recipient[:100]} is not an e-mail address.") from None
    return "\n".join(recipients)


def shown(address: str) -> str:
    return ", ".join(address.split())


def send(message: Message, address: str) -> None:
    """Raises NotDelivered."""
    if settings.EMAIL_BACKEND == CONSOLE:
        raise NotDelivered("no mail server is configured (EMAIL_URL)")
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


CHANNEL = ChannelType(
    key="email",
    label="E-mail",
    help="E-mail: the recipients, one per line.",
    check=check,
    send=send,
    shown=shown,
    prefix="mailto:",
    example="mailto:name@example.org",
    secret=False,
    html=True,
)
